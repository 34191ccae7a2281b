// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map type that no kernel has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, 999);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} strange SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
