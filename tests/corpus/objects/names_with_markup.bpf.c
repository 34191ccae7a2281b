// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Names that a report must not take for markup, a format or a path.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/<b>%s%n</b>/$(id)|`id`")
int on_event(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
