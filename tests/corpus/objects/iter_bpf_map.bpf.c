// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Every map in the kernel, by an iterator that every kernel since 5.10 has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter/bpf_map")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
