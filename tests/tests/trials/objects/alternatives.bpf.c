// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Two ways to do the same. Kernels have what the first requires, and refuse it all the same.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_read")
int first(void *ctx)
{
	__u32 key = 1;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	return *value == 7;
}

SEC("tracepoint/syscalls/sys_enter_read")
int second(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
