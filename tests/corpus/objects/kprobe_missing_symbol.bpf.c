// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A probe of a function that no kernel has: it loads and cannot be attached.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/no_such_function")
int on_nothing(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
