// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A function that no program calls: libbpf leaves it out.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__attribute__((noinline)) int nobody_calls(void *address)
{
	return *(int *)address;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int begin(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
