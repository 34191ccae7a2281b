// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An argument of the probed function by its number, from 5.17 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry/vfs_read")
int on_entry(__u64 *ctx)
{
	__u64 value;

	bpf_get_func_arg(ctx, 0, &value);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
