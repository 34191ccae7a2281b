// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Buffers that devices share, by an iterator of 6.16.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter/dmabuf")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
