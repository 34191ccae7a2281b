// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Two maps of which the second cannot be created and no program uses it: the load still fails.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} useful SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 8);
	__uint(value_size, 8);
} useless SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int look_up(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&useful, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
