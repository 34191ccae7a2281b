// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Programs that fail in different ways, and one that passes: each has its own reason.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	int no_such_field;
} __attribute__((preserve_access_index));

static long (*const no_such_helper)(void) = (void *)9999;

SEC("tracepoint/syscalls/sys_enter_openat")
int fine(void *ctx)
{
	return 0;
}

SEC("kprobe/vfs_read")
int no_type(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, no_such_field) < 0;
}

SEC("kprobe/no_such_function")
int no_target(void *ctx)
{
	return 0;
}

SEC("kprobe/vfs_read")
int no_helper(void *ctx)
{
	return no_such_helper();
}

SEC("mystery")
int no_section(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
