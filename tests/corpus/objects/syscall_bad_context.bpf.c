// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A program on demand may read and write its arguments, and not beside them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("syscall")
int overreach(void *ctx)
{
	return *(int *)(ctx - 4);
}

char LICENSE[] SEC("license") = "GPL";
