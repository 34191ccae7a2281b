// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A probe whose section names no function: its own loader chooses one, so it is put on a function
// every kernel has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe")
int on_entry(void *ctx)
{
	return 0;
}

SEC("kretprobe")
int on_return(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
