// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Stack traces are made of words of 8 bytes, and 12 are not.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 10);
	__uint(key_size, 4);
	__uint(value_size, 12);
} stacks SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
