// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// One program that the verifier refuses beside one that works.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int good(void *ctx)
{
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_read")
int bad(void *ctx)
{
	__u32 key = 1;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	return *value == 7;
}

char LICENSE[] SEC("license") = "GPL";
