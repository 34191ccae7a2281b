// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map of ring buffers that its loader makes: the program writes into one, and nothing else can hold it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} rings SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int report(void *ctx)
{
	__u32 slot = 0;
	__u64 event = 1;
	void *ring = bpf_map_lookup_elem(&rings, &slot);

	return ring ? bpf_ringbuf_output(ring, &event, sizeof(event), 0) : 0;
}

char LICENSE[] SEC("license") = "GPL";
