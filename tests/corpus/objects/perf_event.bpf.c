// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A program for a perf event, which the section does not choose.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("perf_event")
int on_sample(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
