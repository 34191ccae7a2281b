// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An index into a map's value, up to a number the verifier cannot know.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[64]);
} rows SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int pick(void *ctx)
{
	__u32 key = 0, index = bpf_get_prandom_u32();
	char *row = bpf_map_lookup_elem(&rows, &key);

	return row ? row[index] : 0;
}

char LICENSE[] SEC("license") = "GPL";
