// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A kernel function that no kernel offers.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void no_such_kfunc(void) __ksym;

SEC("tp_btf/task_newtask")
int call(__u64 *ctx)
{
	no_such_kfunc();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
