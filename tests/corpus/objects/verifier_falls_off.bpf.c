// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The last instruction neither ends the program nor jumps.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__attribute__((naked)) SEC("tracepoint/syscalls/sys_enter_openat")
int fall(void *ctx)
{
	asm volatile("r0 = 0");
}

char LICENSE[] SEC("license") = "GPL";
