// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The entries of one map, which its loader chooses, by an iterator that every kernel since 5.10
// has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} walked SEC(".maps");

SEC("iter/bpf_map_elem")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
