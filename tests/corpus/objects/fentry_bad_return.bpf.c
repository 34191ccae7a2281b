// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A typed probe answers 0, and this one does not.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry/vfs_read")
int on_entry(__u64 *ctx)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
