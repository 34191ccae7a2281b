// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A kernel function for XDP alone, called from traffic control: missing before 6.4, not allowed
// since.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int bpf_dynptr_from_xdp(struct xdp_md *ctx, __u64 flags, struct bpf_dynptr *ptr) __ksym;

SEC("tc")
int classify(struct __sk_buff *skb)
{
	struct bpf_dynptr packet;

	return bpf_dynptr_from_xdp((void *)skb, 0, &packet);
}

char LICENSE[] SEC("license") = "GPL";
