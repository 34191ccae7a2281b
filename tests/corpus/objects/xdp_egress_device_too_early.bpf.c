// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Only a program in a device map may ask which device the packet leaves through.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return ctx->egress_ifindex ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
