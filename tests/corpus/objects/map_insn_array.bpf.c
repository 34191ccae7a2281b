// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An array of places in a program, a map type of 6.19, by number because older headers lack it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MAP_TYPE_INSN_ARRAY 34

struct {
	__uint(type, MAP_TYPE_INSN_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 16);
} places SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
