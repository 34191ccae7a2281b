// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A probe of a function that went away in 7.0: newer is not always better.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/do_unlinkat")
int on_unlink(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
