// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A floating-point type in the object's own BTF, which libbpf replaces for kernels before 5.13.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct entry {
	double ratio;
	int count;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct entry);
} entries SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int look_up(void *ctx)
{
	int key = 0;
	struct entry *entry = bpf_map_lookup_elem(&entries, &key);

	return entry && entry->count;
}

char LICENSE[] SEC("license") = "GPL";
