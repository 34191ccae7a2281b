// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A stream parser loads everywhere, but only its own loader has the socket map to attach it to:
// not attempted, never a pass.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sk_skb/stream_parser")
int parse(struct __sk_buff *skb)
{
	return skb->len;
}

char LICENSE[] SEC("license") = "GPL";
