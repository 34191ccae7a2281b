// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// task_struct.state became __state in 5.14: an unguarded read of the old name works only on old
// kernels.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	volatile long state;
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int read_state(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, state) == 0;
}

char LICENSE[] SEC("license") = "GPL";
