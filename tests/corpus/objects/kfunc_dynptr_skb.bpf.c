// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A packet as a dynamic pointer, from 6.4 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym;

SEC("tc")
int classify(struct __sk_buff *skb)
{
	struct bpf_dynptr packet;
	unsigned char first = 0;

	if (bpf_dynptr_from_skb(skb, 0, &packet))
		return 0;
	bpf_dynptr_read(&first, sizeof(first), &packet, 0, 0);
	return first ? 0 : 2;
}

char LICENSE[] SEC("license") = "GPL";
