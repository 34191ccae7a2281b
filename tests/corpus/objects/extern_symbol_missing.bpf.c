// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The address of a symbol that no kernel has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const void no_such_symbol __ksym;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	return (__u64)&no_such_symbol & 1;
}

char LICENSE[] SEC("license") = "GPL";
