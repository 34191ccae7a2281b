// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A program that is run on demand, a type of 5.14; it has no hook, and is run once.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("syscall")
int run_once(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
