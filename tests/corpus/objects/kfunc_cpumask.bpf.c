// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A set of CPUs of the program's own, from 6.3 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_cpumask {
	int usage;
} __attribute__((preserve_access_index));

extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_set_cpu(__u32 cpu, struct bpf_cpumask *mask) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *mask) __ksym;

SEC("tp_btf/task_newtask")
int build(__u64 *ctx)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();

	if (!mask)
		return 0;
	bpf_cpumask_set_cpu(0, mask);
	bpf_cpumask_release(mask);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
