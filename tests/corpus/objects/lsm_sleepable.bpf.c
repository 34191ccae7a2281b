// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A security hook whose program may sleep, which the kernel knows of each hook since 5.11.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lsm.s/file_open")
int allow_open(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
