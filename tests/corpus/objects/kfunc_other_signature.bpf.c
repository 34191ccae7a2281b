// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A kernel function of 6.2 declared with an argument too many: no kernel has it so.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void bpf_rcu_read_lock(int too_many) __ksym;

SEC("tp_btf/task_newtask")
int lock(__u64 *ctx)
{
	bpf_rcu_read_lock(1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
