// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A queue with a key, which it cannot have.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 10);
	__type(key, __u32);
	__type(value, __u32);
} first_come SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
