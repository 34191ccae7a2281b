// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The usual way to support old kernels: one variant with many targets and one with a single, of
// which the object's own loader switches one on. Off by default, neither decides.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/vfs_read")
int ordinary(void *ctx)
{
	return 0;
}

SEC("?kprobe.multi/vfs_*")
int many(void *ctx)
{
	return 0;
}

SEC("?fentry/vfs_read")
int typed(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
