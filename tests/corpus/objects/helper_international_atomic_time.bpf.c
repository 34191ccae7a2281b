// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Time that leap seconds do not disturb, from 6.1 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	return bpf_ktime_get_tai_ns() == 0;
}

char LICENSE[] SEC("license") = "GPL";
