// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A loop without end.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int spin(void *ctx)
{
	asm volatile("goto -1");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
