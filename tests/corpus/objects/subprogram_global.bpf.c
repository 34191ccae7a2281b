// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A global function, verified by itself.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__attribute__((noinline)) int twice(int value)
{
	return value * 2;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int double_it(void *ctx)
{
	return twice(bpf_get_prandom_u32()) == 7;
}

char LICENSE[] SEC("license") = "GPL";
