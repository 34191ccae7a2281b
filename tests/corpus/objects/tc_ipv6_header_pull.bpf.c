// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A classifier that makes a packet linear and then reads it directly.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int classify(struct __sk_buff *skb)
{
	unsigned char *data, *end;

	if (bpf_skb_pull_data(skb, 40))
		return 0;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	return data + 40 <= end && data[6] == 58 ? 2 : 0;
}

char LICENSE[] SEC("license") = "GPL";
