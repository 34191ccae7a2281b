// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Static functions, verified with those that call them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __attribute__((noinline)) int sum(int *left, int *right)
{
	return *left + *right;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int begin(void *ctx)
{
	int left = bpf_get_prandom_u32(), right = 2;

	return sum(&left, &right) == 7;
}

char LICENSE[] SEC("license") = "GPL";
