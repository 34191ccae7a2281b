// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map that programs may only read, and one writes.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} settings SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int overwrite(void *ctx)
{
	__u32 key = 0;
	__u64 *setting = bpf_map_lookup_elem(&settings, &key);

	if (setting)
		*setting = 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
