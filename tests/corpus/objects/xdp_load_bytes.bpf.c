// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A packet read through a helper of 5.18, which also reaches later buffers.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	unsigned char header[14];

	if (bpf_xdp_load_bytes(ctx, 0, header, sizeof(header)))
		return XDP_DROP;
	return header[12] == 8 ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
