// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A user-space probe on a program that the guest does not have: nothing was exercised.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("uprobe//usr/bin/no-such-program:main")
int on_main(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
