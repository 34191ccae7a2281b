// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same write to an event that offers no buffer: it loads, and attaching is refused.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp.w/sched_switch")
int overwrite(struct bpf_raw_tracepoint_args *ctx)
{
	int *err = (void *)ctx->args[0];

	*err = 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
