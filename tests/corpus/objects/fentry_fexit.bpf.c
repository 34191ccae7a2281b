// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Typed entry and exit probes of one function.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry/vfs_read")
int on_entry(__u64 *ctx)
{
	return 0;
}

SEC("fexit/vfs_read")
int on_exit(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
