// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// All 512 bytes of the stack, to the last one.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int fill(void *ctx)
{
	asm volatile("*(u64 *)(r10 - 512) = %[zero]\n"
		     "*(u64 *)(r10 - 8) = %[zero]"
		     : : [zero] "r"(0L));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
