// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same, allowed to sleep, on a system call. Who refuses it changed when the verifier began to
// look at sleeping first.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fsession.s/__x64_sys_unlinkat")
int on_both(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
