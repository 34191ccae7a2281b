// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Every attachment in the kernel, by an iterator of 5.19.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter/bpf_link")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
