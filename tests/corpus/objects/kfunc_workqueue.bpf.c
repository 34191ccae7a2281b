// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Work put off to a thread, from 6.10 on.
// Newer headers have it too, and the kernel knows it by this name.
#define bpf_wq bpf_wq_of_header
#include <linux/bpf.h>
#undef bpf_wq
#include <bpf/bpf_helpers.h>

struct bpf_wq {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct entry {
	struct bpf_wq work;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct entry);
} entries SEC(".maps");

extern int bpf_wq_init(struct bpf_wq *wq, void *map, unsigned int flags) __ksym;

SEC("tc")
int put_off(struct __sk_buff *skb)
{
	int key = 0;
	struct entry *entry = bpf_map_lookup_elem(&entries, &key);

	if (entry)
		bpf_wq_init(&entry->work, &entries, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
