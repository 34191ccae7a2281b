// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The current task as a typed pointer, from 5.11 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/sys_enter")
int look(__u64 *ctx)
{
	return bpf_get_current_task_btf() == NULL;
}

char LICENSE[] SEC("license") = "GPL";
