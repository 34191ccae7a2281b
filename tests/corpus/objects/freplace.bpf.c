// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A function of an XDP program and what takes its place, in one object.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__attribute__((noinline)) int replaceable(struct xdp_md *ctx)
{
	volatile int verdict = XDP_PASS;

	return verdict;
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return replaceable(ctx);
}

SEC("freplace/replaceable")
int replacement(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
