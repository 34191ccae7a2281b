// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A stream parser without a socket map of its own, which is attached to one of the guest's.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sk_skb/stream_parser")
int parse(struct __sk_buff *skb)
{
	return skb->len;
}

char LICENSE[] SEC("license") = "GPL";
