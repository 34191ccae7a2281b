// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An addition to memory that tells what was there, an instruction of 5.12.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 total;

SEC("tracepoint/syscalls/sys_enter_openat")
int add(void *ctx)
{
	return __sync_fetch_and_add(&total, 1) == 7;
}

char LICENSE[] SEC("license") = "GPL";
