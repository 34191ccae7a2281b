// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A trace line with more than three values, from 5.16 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int print(void *ctx)
{
	bpf_printk("%d %d %d %d", 1, 2, 3, 4);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
