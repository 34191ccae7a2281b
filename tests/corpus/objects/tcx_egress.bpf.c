// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The direction out, by tcx alone, which came in 6.6.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tcx/egress")
int classify(struct __sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
