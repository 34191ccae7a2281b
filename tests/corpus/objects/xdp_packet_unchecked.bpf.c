// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A packet read without a look at where it ends: the classic refusal.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;

	return data[12] == 8 ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
