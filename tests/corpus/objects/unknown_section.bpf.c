// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A section that names no program type: only its own loader knows what it is, so nothing is said
// about the kernel.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("mystery/hook")
int unknown(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
