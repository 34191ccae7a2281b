// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A probe of a function that only the oldest series has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/account_page_dirtied")
int on_dirtied(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
