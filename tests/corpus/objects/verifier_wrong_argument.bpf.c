// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A number given to a helper that wants a map.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static void *(*const lookup)(long map, void *key) = (void *)1;

SEC("tracepoint/syscalls/sys_enter_openat")
int look_up(void *ctx)
{
	__u32 key = 0;

	return lookup(7, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
