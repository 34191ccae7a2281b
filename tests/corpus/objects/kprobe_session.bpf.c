// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// One program at entry and return of a function, from 6.10 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe.session/vfs_read")
int on_both(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
