// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A filter of a socket may not reach into the packet by pointer, only by helper.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int peek(struct __sk_buff *skb)
{
	unsigned char *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	return data < end ? data[0] : 0;
}

char LICENSE[] SEC("license") = "GPL";
