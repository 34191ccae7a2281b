// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The probed function has four arguments and the program reads a twelfth.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fexit/vfs_read")
int read_too_far(__u64 *ctx)
{
	return ctx[11] != 0;
}

char LICENSE[] SEC("license") = "GPL";
