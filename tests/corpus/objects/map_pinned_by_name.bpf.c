// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map that is pinned under its name and so shared between objects.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u64);
} shared SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int look_up(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&shared, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
