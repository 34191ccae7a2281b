// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A tracepoint with typed arguments: the verifier follows the pointer by the kernel's BTF.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

SEC("tp_btf/sched_switch")
int on_switch(__u64 *ctx)
{
	struct task_struct *next = (void *)ctx[2];

	return next->pid < 0;
}

char LICENSE[] SEC("license") = "GPL";
