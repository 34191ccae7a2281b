// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The CPU's last branches, from 5.16 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	char entries[48];

	return bpf_get_branch_snapshot(entries, sizeof(entries), 0) < 0;
}

char LICENSE[] SEC("license") = "GPL";
