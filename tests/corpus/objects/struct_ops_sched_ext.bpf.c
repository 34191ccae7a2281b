// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A scheduler in BPF, an interface of 6.12 that Debian's cloud kernels have from 6.16 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct;

struct sched_ext_ops {
	void (*running)(struct task_struct *task);
	char name[128];
};

SEC("struct_ops/running")
int running(__u64 *ctx)
{
	return 0;
}

SEC(".struct_ops.link")
struct sched_ext_ops scheduler = {
	.running = (void *)running,
	.name = "corpus",
};

char LICENSE[] SEC("license") = "GPL";
