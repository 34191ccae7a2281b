// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map of maps whose prototype nothing in the object tells: what its loader would set is not guessed.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} flows SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	__u32 slot = 0;

	return bpf_map_lookup_elem(&flows, &slot) != 0;
}

char LICENSE[] SEC("license") = "GPL";
