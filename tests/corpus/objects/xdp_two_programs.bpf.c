// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Two XDP programs for one interface: the first must not keep the second out.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass_first(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int pass_second(struct xdp_md *ctx)
{
	return ctx->data < ctx->data_end ? XDP_PASS : XDP_ABORTED;
}

char LICENSE[] SEC("license") = "GPL";
