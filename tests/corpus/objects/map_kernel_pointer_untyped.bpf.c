// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A reference to a task put into a field that is declared a number: places for kernel pointers
// have their type, and the verifier looks for it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

struct entry {
	__u64 task;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct entry);
} entries SEC(".maps");

extern struct task_struct *bpf_task_acquire(struct task_struct *task) __ksym;

SEC("tp_btf/task_newtask")
int keep(__u64 *ctx)
{
	int key = 0;
	struct entry *entry = bpf_map_lookup_elem(&entries, &key);
	struct task_struct *task;

	if (!entry)
		return 0;
	task = bpf_task_acquire((void *)ctx[0]);
	if (task)
		bpf_kptr_xchg(&entry->task, task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
