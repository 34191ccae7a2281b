// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The registers of a task, from 5.15 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/sys_enter")
int look(__u64 *ctx)
{
	return bpf_task_pt_regs(bpf_get_current_task_btf()) == 0;
}

char LICENSE[] SEC("license") = "GPL";
