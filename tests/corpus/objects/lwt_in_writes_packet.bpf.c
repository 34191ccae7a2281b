// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Only the transmitting kind may write into the packet.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lwt_in")
int overwrite(struct __sk_buff *skb)
{
	unsigned char *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (data < end)
		data[0] = 0;
	return BPF_OK;
}

char LICENSE[] SEC("license") = "GPL";
