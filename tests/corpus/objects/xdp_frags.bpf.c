// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An XDP program that takes packets of several buffers, from 5.18 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
