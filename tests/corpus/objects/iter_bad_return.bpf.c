// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An iterator may answer 0 or 1.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter/task")
int walk(__u64 *ctx)
{
	return 2;
}

char LICENSE[] SEC("license") = "GPL";
