// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Typed probes that may sleep. Kernels without error injection allowed them nowhere until 7.x made
// an exception for system calls.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry.s/__x64_sys_unlinkat")
int on_entry(__u64 *ctx)
{
	return 0;
}

SEC("fexit.s/__x64_sys_unlinkat")
int on_exit(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
