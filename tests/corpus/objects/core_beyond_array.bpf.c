// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An element that the kernel's array does not have.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	char comm[64];
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int read(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, comm[40]) == 'x';
}

char LICENSE[] SEC("license") = "GPL";
