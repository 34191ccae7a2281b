// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A traffic control classifier, attached through the clsact queue on every kernel.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int classify(struct __sk_buff *skb)
{
	return skb->len ? 0 : 2;
}

char LICENSE[] SEC("license") = "GPL";
