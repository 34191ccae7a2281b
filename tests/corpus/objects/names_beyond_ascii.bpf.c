// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map with a letter that the kernel allows in no name; libbpf hands it on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} zähler SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int count(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&zähler, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
