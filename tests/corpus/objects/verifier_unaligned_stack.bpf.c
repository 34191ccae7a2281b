// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A word read across the borders of words on the stack.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int read(void *ctx)
{
	long value;

	asm volatile("*(u64 *)(r10 - 8) = %[zero]\n"
		     "*(u64 *)(r10 - 16) = %[zero]\n"
		     "%[value] = *(u64 *)(r10 - 12)"
		     : [value] "=r"(value) : [zero] "r"(0L));
	return value;
}

char LICENSE[] SEC("license") = "GPL";
