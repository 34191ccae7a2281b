// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An exception, which ends a program from any depth, from 6.7 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void bpf_throw(__u64 cookie) __ksym;

SEC("tc")
int classify(struct __sk_buff *skb)
{
	if (skb->len == 0)
		bpf_throw(0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
