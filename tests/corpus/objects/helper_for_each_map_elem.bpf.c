// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Every entry of a map by helper and callback, from 5.13 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static int look(void *map, __u32 *key, __u64 *value, void *context)
{
	return *value > 100;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int walk(void *ctx)
{
	return bpf_for_each_map_elem(&counts, look, NULL, 0) < 0;
}

char LICENSE[] SEC("license") = "GPL";
