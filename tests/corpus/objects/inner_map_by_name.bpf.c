// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map of maps that does not say which maps it holds, as its loader makes their prototype of a map that the
// object declares for nothing else. Only the right prototype lets the verifier accept the lookup.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct flow {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u64);
	__type(value, struct flow);
} flows_inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} flows SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int count(void *ctx)
{
	__u32 slot = 0;
	__u64 key = 1;
	void *inner = bpf_map_lookup_elem(&flows, &slot);
	struct flow *flow;

	if (!inner)
		return 0;
	flow = bpf_map_lookup_elem(inner, &key);
	return flow ? flow->bytes : 0;
}

char LICENSE[] SEC("license") = "GPL";
