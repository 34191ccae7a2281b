// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A tracepoint that no kernel has: the program type needs no target to load.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_no_such_call")
int on_nothing(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
