// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A hash map that resizes itself, a map type of 7.2, by number because older headers lack it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MAP_TYPE_RHASH 35

struct {
	__uint(type, MAP_TYPE_RHASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 100);
	__type(key, __u32);
	__type(value, __u64);
} growing SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
