// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An iterator that may sleep: kernels that do not know such iterators take the flag without a
// word.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter.s/task")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
