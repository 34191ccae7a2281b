// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A program without any licence: that alone stops nobody.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}
