// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A ring buffer's helper called with a hash map.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int emit(void *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	return bpf_ringbuf_output(&counts, &now, sizeof(now), 0) != 0;
}

char LICENSE[] SEC("license") = "GPL";
