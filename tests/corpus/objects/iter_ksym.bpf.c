// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Symbols of the kernel, by an iterator of 6.0.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter/ksym")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
