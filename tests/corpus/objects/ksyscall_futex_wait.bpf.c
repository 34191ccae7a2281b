// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A system call of 6.7: the object loads everywhere and attaches where the call exists.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("ksyscall/futex_wait")
int on_wait(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
