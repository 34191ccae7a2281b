// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map in the old maps section, which libbpf has not opened since 1.0.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__u32 type, key_size, value_size, max_entries, map_flags;
} legacy SEC("maps") = { BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(__u64), 1, 0 };

SEC("tracepoint/syscalls/sys_enter_openat")
int look_up(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&legacy, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
