// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A key of 8 MiB.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, 8388608);
	__uint(value_size, 8);
} huge SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
