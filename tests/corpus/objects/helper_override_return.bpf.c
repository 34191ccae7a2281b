// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Changing what a function returns: kernels built without error injection lack the helper although
// its number is known.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/vfs_read")
int replace(void *ctx)
{
	bpf_override_return(ctx, -1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
