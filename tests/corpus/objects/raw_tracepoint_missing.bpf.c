// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A raw tracepoint that no kernel has: it loads, and opening it is refused.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/no_such_tracepoint")
int on_nothing(struct bpf_raw_tracepoint_args *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
