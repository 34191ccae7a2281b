// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A register never written is given back as the result.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__attribute__((naked)) SEC("tracepoint/syscalls/sys_enter_openat")
int forget(void *ctx)
{
	asm volatile("exit");
}

char LICENSE[] SEC("license") = "GPL";
