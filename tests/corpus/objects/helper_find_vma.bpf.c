// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The memory area at an address by helper and callback, from 5.17 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static int look(struct task_struct *task, void *vma, void *context)
{
	return 0;
}

SEC("tp_btf/sys_enter")
int find(__u64 *ctx)
{
	return bpf_find_vma(bpf_get_current_task_btf(), 0, look, NULL, 0) == 1;
}

char LICENSE[] SEC("license") = "GPL";
