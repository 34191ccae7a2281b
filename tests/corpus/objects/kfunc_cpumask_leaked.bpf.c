// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same set never released.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_cpumask {
	int usage;
} __attribute__((preserve_access_index));

extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;

SEC("tp_btf/task_newtask")
int build(__u64 *ctx)
{
	return bpf_cpumask_create() == 0;
}

char LICENSE[] SEC("license") = "GPL";
