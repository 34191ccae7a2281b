// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A program with a letter that the kernel allows in no name: it is refused before it is verified.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int zähle(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
