// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A variant that is off by default must not fail the object, although it would be rejected if it
// were loaded.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("kprobe/vfs_read")
int variant_on(void *ctx)
{
	return 0;
}

SEC("?kprobe/vfs_read")
int variant_off(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);

	return *count != 0;
}

char LICENSE[] SEC("license") = "GPL";
