// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A filter of a socket that reads the packet by helper.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int keep_tcp(struct __sk_buff *skb)
{
	unsigned char protocol = 0;

	bpf_skb_load_bytes_relative(skb, 9, &protocol, sizeof(protocol), BPF_HDR_START_NET);
	return protocol == 6 ? skb->len : 0;
}

char LICENSE[] SEC("license") = "GPL";
