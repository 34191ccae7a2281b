// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A replacement for a function of another object, which only its own loader can name.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("freplace/xdp_dispatch")
int replacement(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
