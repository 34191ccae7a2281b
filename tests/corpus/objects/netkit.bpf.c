// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Both ends of a netkit pair, a device of 6.7 made for programs.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("netkit/primary")
int leave(struct __sk_buff *skb)
{
	return -1;
}

SEC("netkit/peer")
int arrive(struct __sk_buff *skb)
{
	return -1;
}

char LICENSE[] SEC("license") = "GPL";
