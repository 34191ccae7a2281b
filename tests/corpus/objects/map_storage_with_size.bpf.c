// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Storage at sockets has no size of its own, and this one asks for one.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 5);
	__type(key, int);
	__type(value, __u64);
} per_socket SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
