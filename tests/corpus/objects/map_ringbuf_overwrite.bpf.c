// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A ring buffer that overwrites what nobody read, by a flag of 6.19.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define RB_OVERWRITE (1U << 19)

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(map_flags, RB_OVERWRITE);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
