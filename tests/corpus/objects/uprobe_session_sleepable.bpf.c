// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same, allowed to sleep.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("uprobe.session.s")
int on_both(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
