// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// One typed program at entry and exit, from 7.0 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fsession/vfs_read")
int on_both(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
