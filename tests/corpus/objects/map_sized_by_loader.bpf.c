// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A hash map of no size, as objects declare it whose own loader sets the size at run time.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 0);
	__type(key, __u32);
	__type(value, __u64);
} sized_later SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int look_up(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&sized_later, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
