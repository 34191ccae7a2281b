// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// At the end of a list an iterator is called once more with no entry: reading it unchecked is
// refused.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

SEC("iter/task")
int walk(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[1];

	return task->pid < 0;
}

char LICENSE[] SEC("license") = "GPL";
