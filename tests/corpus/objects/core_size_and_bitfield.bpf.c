// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The size of a kernel type, and a field of single bits.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	unsigned int in_execve : 1;
} __attribute__((preserve_access_index));

SEC("tp_btf/sched_switch")
int look(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[1];

	if (bpf_core_type_size(struct task_struct) < 1000)
		return 1;
	return BPF_CORE_READ_BITFIELD(task, in_execve);
}

char LICENSE[] SEC("license") = "GPL";
