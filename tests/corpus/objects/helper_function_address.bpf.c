// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The address of the probed function, from 5.15 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/vfs_read")
int on_entry(void *ctx)
{
	return bpf_get_func_ip(ctx) == 0;
}

char LICENSE[] SEC("license") = "GPL";
