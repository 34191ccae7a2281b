// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Three programs of which the middle one is rejected: the good ones are told from the bad one.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int good_first(void *ctx)
{
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int bad_middle(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);

	return *count != 0;
}

SEC("tracepoint/syscalls/sys_exit_openat")
int good_last(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
