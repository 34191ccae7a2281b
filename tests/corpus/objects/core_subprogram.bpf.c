// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The missing read is in a function that two programs call: both fail for it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	int no_such_field;
} __attribute__((preserve_access_index));

static __attribute__((noinline)) int read_missing(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, no_such_field);
}

SEC("kprobe/vfs_read")
int caller(void *ctx)
{
	return read_missing() < 0;
}

SEC("kprobe/vfs_write")
int other_caller(void *ctx)
{
	return read_missing() > 0;
}

SEC("kprobe/vfs_open")
int bystander(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
