// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same missing field behind bpf_core_field_exists: the dead read must not fail the object.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	int tgid;
	int no_such_field;
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int read_guarded(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (bpf_core_field_exists(task->no_such_field))
		return BPF_CORE_READ(task, no_such_field) < 0;
	return BPF_CORE_READ(task, tgid) < 0;
}

char LICENSE[] SEC("license") = "GPL";
