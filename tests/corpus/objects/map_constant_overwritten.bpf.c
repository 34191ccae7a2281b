// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A write into read-only data.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile int limit = 1;

SEC("tracepoint/syscalls/sys_enter_openat")
int overwrite(void *ctx)
{
	*(volatile int *)&limit = 2;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
