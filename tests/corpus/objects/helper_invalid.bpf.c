// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A helper number that no kernel has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static long (*const no_such_helper)(void) = (void *)9999;

SEC("tracepoint/syscalls/sys_enter_openat")
int call_nothing(void *ctx)
{
	return no_such_helper();
}

char LICENSE[] SEC("license") = "GPL";
