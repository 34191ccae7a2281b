// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A program whose refusal comes after thousands of lines of log: the end is what matters.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int wander(void *ctx)
{
	volatile __u64 sum = bpf_ktime_get_ns();

	for (int i = 0; i < 500; i++)
		sum = sum * 3 + i;
	return *(int *)(long)sum;
}

char LICENSE[] SEC("license") = "GPL";
