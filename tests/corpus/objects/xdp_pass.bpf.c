// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// One XDP program on an interface.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
