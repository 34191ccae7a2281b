// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Packet filters of a control group in both directions.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup_skb/ingress")
int arrive(struct __sk_buff *skb)
{
	return 1;
}

SEC("cgroup_skb/egress")
int leave(struct __sk_buff *skb)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
