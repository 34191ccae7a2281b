// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Entry and return probes of one function that every kernel has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/vfs_read")
int on_entry(void *ctx)
{
	return 0;
}

SEC("kretprobe/vfs_read")
int on_return(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
