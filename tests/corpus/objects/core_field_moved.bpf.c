// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A task's CPU number, which moved into thread_info in 5.16.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	unsigned int cpu;
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int read_cpu(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, cpu) == 99;
}

char LICENSE[] SEC("license") = "GPL";
