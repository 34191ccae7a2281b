// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The program that finds the headers of a packet for the whole network namespace.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("flow_dissector")
int dissect(struct __sk_buff *skb)
{
	return BPF_OK;
}

char LICENSE[] SEC("license") = "GPL";
