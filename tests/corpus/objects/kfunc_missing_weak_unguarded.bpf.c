// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same called without a look: the load is refused only if the call can be reached, and it can.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void no_such_kfunc(void) __ksym __weak;

SEC("tp_btf/task_newtask")
int call(__u64 *ctx)
{
	no_such_kfunc();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
