// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A field that every kernel has as an array, declared as a pointer: the two do not fit.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	char *comm;
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int read_name(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, comm) == NULL;
}

char LICENSE[] SEC("license") = "GPL";
