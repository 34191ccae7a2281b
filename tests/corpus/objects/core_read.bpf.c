// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Relocated reads of fields that every kernel has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	int tgid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int read_parent(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, real_parent, tgid) < 0;
}

char LICENSE[] SEC("license") = "GPL";
