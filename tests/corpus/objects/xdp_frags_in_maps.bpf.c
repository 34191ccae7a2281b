// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same two kinds for packets of several buffers.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp.frags/cpumap")
int arrive(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp.frags/devmap")
int leave(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
