// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The kernel has the function and allows no probe on it, because probing depends on it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/get_kprobe")
int on_lookup(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
