// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A relocated read of a field that no kernel has, without a guard.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	int no_such_field;
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int read_missing(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, no_such_field) < 0;
}

char LICENSE[] SEC("license") = "GPL";
