// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A timer in a map's value, from 5.15 on. Kernels before 5.13 do not even know functions that are
// called back, and complain of their number.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct entry {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct entry);
} entries SEC(".maps");

static int ring(void *map, int *key, struct entry *entry)
{
	return 0;
}

SEC("tc")
int start(struct __sk_buff *skb)
{
	int key = 0;
	struct entry *entry = bpf_map_lookup_elem(&entries, &key);

	if (!entry || bpf_timer_init(&entry->timer, &entries, 1))
		return 0;
	bpf_timer_set_callback(&entry->timer, ring);
	bpf_timer_start(&entry->timer, 1000000, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
