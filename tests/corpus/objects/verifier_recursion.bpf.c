// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Two functions that call each other: what is wrong with that is seen in several ways.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int ping(int depth);

__attribute__((noinline)) int pong(int depth)
{
	return depth ? ping(depth - 1) + 1 : 0;
}

__attribute__((noinline)) int ping(int depth)
{
	return depth ? pong(depth - 1) + 2 : 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int begin(void *ctx)
{
	return ping(3);
}

char LICENSE[] SEC("license") = "GPL";
