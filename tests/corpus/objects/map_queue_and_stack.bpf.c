// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A queue and a stack, which have values and no keys.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 10);
	__type(value, __u32);
} first_come SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 10);
	__type(value, __u32);
} last_come SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int move(void *ctx)
{
	__u32 value;

	if (bpf_map_pop_elem(&first_come, &value))
		return 0;
	return bpf_map_push_elem(&last_come, &value, BPF_ANY) != 0;
}

char LICENSE[] SEC("license") = "GPL";
