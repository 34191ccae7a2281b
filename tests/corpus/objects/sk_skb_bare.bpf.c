// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A program for a stream whose section does not say at which point.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sk_skb")
int decide(struct __sk_buff *skb)
{
	return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
