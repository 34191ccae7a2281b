// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same as a weak symbol, looked at before it is called: works without it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void no_such_kfunc(void) __ksym __weak;

SEC("tp_btf/task_newtask")
int call(__u64 *ctx)
{
	if (no_such_kfunc)
		no_such_kfunc();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
