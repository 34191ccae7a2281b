// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Maps that hold maps, one with a first entry and one whose entries come later.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} filled SEC(".maps") = {
	.values = { [1] = &inner },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} empty SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int look_up(void *ctx)
{
	__u32 key = 1, first = 0;
	void *map = bpf_map_lookup_elem(&filled, &key);

	if (!map)
		map = bpf_map_lookup_elem(&empty, &key);
	return map && bpf_map_lookup_elem(map, &first) ? 1 : 0;
}

char LICENSE[] SEC("license") = "GPL";
