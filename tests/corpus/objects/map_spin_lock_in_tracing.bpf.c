// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Tracing programs may not take such a lock, because they run anywhere.
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

SEC("kprobe/vfs_read")
int count(void *ctx)
{
	int key = 0;
	struct entry *entry = bpf_map_lookup_elem(&entries, &key);

	if (!entry)
		return 0;
	bpf_spin_lock(&entry->lock);
	entry->count++;
	bpf_spin_unlock(&entry->lock);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
