// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map of prefixes: the longest that fits is found.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct prefix {
	__u32 bits;
	__u8 address[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 100);
	__type(key, struct prefix);
	__type(value, __u64);
} routes SEC(".maps");

SEC("tc")
int classify(struct __sk_buff *skb)
{
	struct prefix key = { 32, { 127, 0, 0, 1 } };

	return bpf_map_lookup_elem(&routes, &key) ? 0 : 2;
}

char LICENSE[] SEC("license") = "GPL";
