// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A filter of a socket.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int keep(struct __sk_buff *skb)
{
	return skb->len;
}

char LICENSE[] SEC("license") = "GPL";
