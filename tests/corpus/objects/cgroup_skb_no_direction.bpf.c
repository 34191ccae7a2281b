// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A packet filter of a control group whose section leaves the direction to its loader.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/skb")
int allow(struct __sk_buff *skb)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
