// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An instruction that no kernel knows.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int strange(void *ctx)
{
	asm volatile(".byte 0xff, 0, 0, 0, 0, 0, 0, 0");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
