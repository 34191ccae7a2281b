// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A function for a structure that no map of the object refers to: its loader was to fill it in.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("struct_ops/lonely")
int lonely(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
