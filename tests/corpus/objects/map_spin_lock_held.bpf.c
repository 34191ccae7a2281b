// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same with the lock never given back.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct entry {
	struct bpf_spin_lock lock;
	int count;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct entry);
} entries SEC(".maps");

SEC("tc")
int count(struct __sk_buff *skb)
{
	int key = 0;
	struct entry *entry = bpf_map_lookup_elem(&entries, &key);

	if (!entry)
		return 0;
	bpf_spin_lock(&entry->lock);
	entry->count++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
