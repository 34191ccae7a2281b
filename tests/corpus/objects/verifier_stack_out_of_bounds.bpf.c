// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A write beside the stack.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int overreach(void *ctx)
{
	asm volatile("*(u64 *)(r10 - 520) = %[zero]" : : [zero] "r"(0L));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
