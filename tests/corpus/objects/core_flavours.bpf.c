// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A renamed field read by the name the kernel has: two local flavours of one type.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct___old {
	volatile long state;
} __attribute__((preserve_access_index));

struct task_struct___new {
	unsigned int __state;
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int read_state(void *ctx)
{
	struct task_struct___new *task = (void *)bpf_get_current_task();

	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state) == 0;
	return BPF_CORE_READ((struct task_struct___old *)task, state) == 0;
}

char LICENSE[] SEC("license") = "GPL";
