// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// User-space probes without a target of their own: they are put on a function of the validator.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("uprobe")
int on_entry(void *ctx)
{
	return 0;
}

SEC("uretprobe")
int on_return(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
