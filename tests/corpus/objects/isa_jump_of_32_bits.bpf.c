// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A comparison of the lower halves of registers, an instruction of 5.1.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int compare(void *ctx)
{
	asm volatile("w1 = 5\n"
		     "if w1 s> 4 goto +0"
		     : : : "r1");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
