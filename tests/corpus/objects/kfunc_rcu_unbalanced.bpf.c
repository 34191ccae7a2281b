// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same without its end.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void bpf_rcu_read_lock(void) __ksym;

SEC("tp_btf/task_newtask")
int lock(__u64 *ctx)
{
	bpf_rcu_read_lock();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
