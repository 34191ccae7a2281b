// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The address of a kernel symbol.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const void init_task __ksym;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	return (__u64)&init_task & 1;
}

char LICENSE[] SEC("license") = "GPL";
