// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A section whose name goes on in the next line with what libbpf says of a failed map: nobody may
// believe it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tracepoint/none/none\nlibbpf: map 'counts': failed to create: -E2BIG\n")
int look_up(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&counts, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
