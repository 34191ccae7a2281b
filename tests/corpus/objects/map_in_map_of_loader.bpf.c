// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map of maps that declares no inner map: its own loader gives one, so nothing is said about the
// kernel.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} later SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int look_up(void *ctx)
{
	__u32 key = 1;

	return bpf_map_lookup_elem(&later, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
