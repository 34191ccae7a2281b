// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A user-space probe that may fault pages in, allowed from 6.0 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("uprobe.s")
int on_entry(void *ctx)
{
	return 0;
}

SEC("uretprobe.s")
int on_return(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
