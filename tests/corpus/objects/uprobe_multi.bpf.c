// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Many user-space functions with one link, from 6.6 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("uprobe.multi")
int on_entry(void *ctx)
{
	return 0;
}

SEC("uretprobe.multi")
int on_return(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
