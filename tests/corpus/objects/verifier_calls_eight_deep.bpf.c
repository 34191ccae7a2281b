// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Eight functions deep, as deep as programs may call on every kernel.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define LEVEL(name, next) \
	static __attribute__((noinline)) int name(volatile int *depth) { *depth += 1; return next; }
LEVEL(eighth, *depth)
LEVEL(seventh, eighth(depth))
LEVEL(sixth, seventh(depth))
LEVEL(fifth, sixth(depth))
LEVEL(fourth, fifth(depth))
LEVEL(third, fourth(depth))
LEVEL(second, third(depth))

SEC("tracepoint/syscalls/sys_enter_openat")
int first(void *ctx)
{
	volatile int depth = 1;

	return second(&depth);
}

char LICENSE[] SEC("license") = "GPL";
