// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Probes whose sections name no function: their own loader chooses one, and on any other they would
// prove nothing.
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
