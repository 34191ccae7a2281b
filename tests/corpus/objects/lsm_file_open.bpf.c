// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A security hook: it loads where the kernel has BPF LSM, and is only called where bpf is an
// active security module.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lsm/file_open")
int allow_open(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
