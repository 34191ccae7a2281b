// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// One program at entry and return of user-space functions, from 6.13 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("uprobe.session")
int on_both(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
