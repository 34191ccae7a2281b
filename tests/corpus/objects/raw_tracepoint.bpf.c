// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A raw tracepoint, which needs no BTF.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[0] ? 0 : 1;
}

char LICENSE[] SEC("license") = "GPL";
