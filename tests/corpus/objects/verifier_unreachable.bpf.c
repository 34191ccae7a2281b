// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An instruction that nothing reaches.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int skip(void *ctx)
{
	asm volatile("goto +1\n"
		     "r0 = 0");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
