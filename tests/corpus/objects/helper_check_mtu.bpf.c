// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Whether a packet fits a device, from 5.12 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int classify(struct __sk_buff *skb)
{
	__u32 mtu = 0;

	return bpf_check_mtu(skb, 0, &mtu, 0, 0) ? 2 : 0;
}

char LICENSE[] SEC("license") = "GPL";
