// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Two functions with 300 bytes of stack each, together more than 512: since 6.13 tracing programs
// have a stack of their own, on which each function may use 512.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __attribute__((noinline)) int inner(int seed)
{
	char room[300];

	room[0] = seed;
	asm volatile("" : : "r"(room) : "memory");
	return room[0];
}

SEC("tracepoint/syscalls/sys_enter_openat")
int outer(void *ctx)
{
	char room[300];

	room[0] = bpf_get_prandom_u32();
	asm volatile("" : : "r"(room) : "memory");
	return inner(room[0]) + room[0];
}

char LICENSE[] SEC("license") = "GPL";
