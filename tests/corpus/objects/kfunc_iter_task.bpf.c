// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An open-coded loop over tasks, from 6.7 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

struct bpf_iter_task {
	__u64 __opaque[3];
};

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task,
			     unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;

SEC("iter.s/task")
int count(__u64 *ctx)
{
	struct bpf_iter_task it;
	int tasks = 0;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, 1);
	while (bpf_iter_task_next(&it))
		tasks++;
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return tasks < 0;
}

char LICENSE[] SEC("license") = "GPL";
