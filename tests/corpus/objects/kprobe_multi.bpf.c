// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A multi-kprobe: 5.10 lacks the attach type, Debian's 6.1 cloud build lacks fprobe; both load it
// and refuse to attach it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe.multi/vfs_read*")
int on_reads(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
