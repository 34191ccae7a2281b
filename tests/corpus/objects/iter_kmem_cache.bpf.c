// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Caches of the kernel's memory allocator, by an iterator of 6.13.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter/kmem_cache")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
