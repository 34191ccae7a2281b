// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Traffic control in both directions by the sections that stand for tcx where there is one.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc/ingress")
int arrive(struct __sk_buff *skb)
{
	return 0;
}

SEC("tc/egress")
int leave(struct __sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
