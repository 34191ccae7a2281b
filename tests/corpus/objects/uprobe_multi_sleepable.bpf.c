// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same, allowed to sleep: the kernels before sleepable user-space probes refuse to load it,
// 6.1 only to attach it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("uprobe.multi.s")
int on_entry(void *ctx)
{
	return 0;
}

SEC("uretprobe.multi.s")
int on_return(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
