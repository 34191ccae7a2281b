// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A socket that was looked up and never given back.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int classify(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};

	return bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), -1, 0) ? 2 : 0;
}

char LICENSE[] SEC("license") = "GPL";
