// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A loop by helper and callback, from 5.17 on. Kernels before 5.13 do not know functions that are
// called back, and complain of their number before they see the helper.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static int step(__u32 index, void *context)
{
	*(int *)context += index;
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int count(void *ctx)
{
	int sum = 0;

	bpf_loop(1000, step, &sum, 0);
	return sum == 0;
}

char LICENSE[] SEC("license") = "GPL";
