// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A pointer of the kernel given to user space through a map: allowed to root.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} leaks SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int leak(void *ctx)
{
	__u32 key = 0;
	__u64 address = (__u64)ctx;

	bpf_map_update_elem(&leaks, &key, &address, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
