// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An iterator over tasks, which is attached and read.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	void *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

SEC("iter/task")
int dump_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	return task && task->pid < 0;
}

char LICENSE[] SEC("license") = "GPL";
