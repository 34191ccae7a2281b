// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The value of another CPU, from 5.19 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int look_up(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_percpu_elem(&counts, &key, 0) != NULL;
}

char LICENSE[] SEC("license") = "GPL";
