// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A field that came with sched_ext, which Debian's cloud kernels have from 6.16 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct sched_ext_entity {
	__u32 flags;
} __attribute__((preserve_access_index));

struct task_struct {
	struct sched_ext_entity scx;
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int read_flags(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, scx.flags) == 99;
}

char LICENSE[] SEC("license") = "GPL";
