// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map of prefixes cannot be allocated beforehand, and without its flag it would be.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 100);
	__type(key, __u64);
	__type(value, __u64);
} routes SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
