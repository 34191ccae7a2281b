// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The shortest program there is.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__attribute__((naked)) SEC("socket")
int nothing(void *ctx)
{
	asm volatile("r0 = 0\n"
		     "exit");
}

char LICENSE[] SEC("license") = "GPL";
