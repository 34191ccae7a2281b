// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The verdict on a stream's data without a parser before it, from 5.13 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sk_skb/verdict")
int decide(struct __sk_buff *skb)
{
	return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
