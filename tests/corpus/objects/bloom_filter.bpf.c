// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A Bloom filter, a map type of 5.16.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 1000);
	__type(value, __u32);
} seen SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int remember(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;

	return bpf_map_push_elem(&seen, &pid, BPF_ANY) != 0;
}

char LICENSE[] SEC("license") = "GPL";
