// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The four kinds of programs for lightweight tunnels.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lwt_in")
int arrive(struct __sk_buff *skb)
{
	return BPF_OK;
}

SEC("lwt_out")
int leave(struct __sk_buff *skb)
{
	return BPF_OK;
}

SEC("lwt_xmit")
int transmit(struct __sk_buff *skb)
{
	return BPF_OK;
}

SEC("lwt_seg6local")
int segment(struct __sk_buff *skb)
{
	return BPF_OK;
}

char LICENSE[] SEC("license") = "GPL";
