// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An enumeration wider than 32 bits in the object's own BTF.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum wide {
	WIDEST = 0x123456789abcULL,
};

enum wide chosen;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	return chosen == WIDEST;
}

char LICENSE[] SEC("license") = "GPL";
