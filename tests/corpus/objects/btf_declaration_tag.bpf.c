// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A tag on a declaration in the object's own BTF, which libbpf leaves out for kernels before 5.16.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct entry {
	int value __attribute__((btf_decl_tag("corpus")));
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

	return bpf_map_lookup_elem(&entries, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
