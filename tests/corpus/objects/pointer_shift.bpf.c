// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Shifting a pointer is illegal arithmetic (EACCES); written as assembly, because no compiler
// would.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int shift_context(void *ctx)
{
	asm volatile("%[ctx] <<= 3" : [ctx] "+r"(ctx));
	return (long)ctx != 0;
}

char LICENSE[] SEC("license") = "GPL";
