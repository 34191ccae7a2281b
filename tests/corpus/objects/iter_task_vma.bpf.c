// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Memory areas of every task, by an iterator of 5.12.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter/task_vma")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
