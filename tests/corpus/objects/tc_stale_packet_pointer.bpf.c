// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A packet pointer kept over a call that may move the packet.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int classify(struct __sk_buff *skb)
{
	unsigned char *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (data + 40 > end || bpf_skb_pull_data(skb, 40))
		return 0;
	return data[6] == 58 ? 2 : 0;
}

char LICENSE[] SEC("license") = "GPL";
