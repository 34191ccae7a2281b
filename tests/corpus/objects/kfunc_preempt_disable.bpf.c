// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Preemption switched off for a few instructions, from 6.10 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;

SEC("tp_btf/task_newtask")
int briefly(__u64 *ctx)
{
	bpf_preempt_disable();
	bpf_preempt_enable();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
