// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// What a map keeps at sockets, a map its loader chooses, by an iterator that every kernel since
// 5.10 has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} walked SEC(".maps");

SEC("iter/bpf_sk_storage_map")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
