// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A raw tracepoint whose section names no event: it loads, and can be run with arguments of one's
// own on every kernel since 5.10.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp")
int on_demand(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[0] ? 0 : 1;
}

char LICENSE[] SEC("license") = "GPL";
