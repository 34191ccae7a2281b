// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Two programs, of which one reads a symbol that no kernel has: libbpf refuses both, and only one
// is to blame.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const void no_such_symbol __ksym;

SEC("tracepoint/syscalls/sys_enter_openat")
int innocent(void *ctx)
{
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_openat")
int guilty(void *ctx)
{
	return (__u64)&no_such_symbol & 1;
}

char LICENSE[] SEC("license") = "GPL";
