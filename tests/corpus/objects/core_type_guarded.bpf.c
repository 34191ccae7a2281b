// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same type behind a look whether it exists.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct no_such_struct {
	int field;
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int read(void *ctx)
{
	struct no_such_struct *missing = (void *)bpf_get_current_task();

	if (!bpf_core_type_exists(struct no_such_struct))
		return 0;
	return BPF_CORE_READ(missing, field) < 0;
}

char LICENSE[] SEC("license") = "GPL";
