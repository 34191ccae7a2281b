// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A packet filter may answer 0 to 3 at the way out and only 0 or 1 at the way in.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup_skb/ingress")
int arrive(struct __sk_buff *skb)
{
	return 7;
}

char LICENSE[] SEC("license") = "GPL";
