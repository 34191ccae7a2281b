// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A typed argument read as a structure it is not: the kernel knows better and refuses the access.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

SEC("tp_btf/sched_switch")
int read_far(__u64 *ctx)
{
	struct task_struct *next = (void *)ctx[2];

	return *((int *)next + 100000) != 0;
}

char LICENSE[] SEC("license") = "GPL";
