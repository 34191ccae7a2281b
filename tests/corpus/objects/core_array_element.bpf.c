// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An element of an array and a member behind three pointers.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct nsproxy {
	int count;
} __attribute__((preserve_access_index));

struct task_struct {
	char comm[16];
	struct nsproxy *nsproxy;
	struct task_struct *group_leader;
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int read(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (BPF_CORE_READ(task, comm[3]) == 'x')
		return 1;
	return BPF_CORE_READ(task, group_leader, nsproxy) == NULL;
}

char LICENSE[] SEC("license") = "GPL";
