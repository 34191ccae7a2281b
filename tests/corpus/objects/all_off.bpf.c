// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Every program is off by default: nothing is required, so nothing was exercised.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("?kprobe/vfs_read")
int untyped(void *ctx)
{
	return 0;
}

SEC("?fentry/vfs_read")
int typed(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
