// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A call of a kernel function that programs may call from 6.2 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* A whole type: libbpf takes a forward declaration for another signature. */
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_acquire(struct task_struct *task) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;

SEC("tp_btf/task_newtask")
int hold_task(__u64 *ctx)
{
	struct task_struct *task = bpf_task_acquire((void *)ctx[0]);

	if (task)
		bpf_task_release(task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
