// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A number used as an address.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int read(void *ctx)
{
	return *(int *)(long)bpf_ktime_get_ns();
}

char LICENSE[] SEC("license") = "GPL";
