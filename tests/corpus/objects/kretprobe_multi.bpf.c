// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A multi-probe at the return of functions, from 6.12 on in Debian's cloud kernels, as at their
// entry.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kretprobe.multi/vfs_w*")
int on_writes(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
