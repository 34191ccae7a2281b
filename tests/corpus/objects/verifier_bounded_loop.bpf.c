// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A loop of a thousand rounds, which the verifier follows.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int add(void *ctx)
{
	volatile int sum = 0;

	for (int i = 0; i < 1000; i++)
		sum += i;
	return sum == 0;
}

char LICENSE[] SEC("license") = "GPL";
