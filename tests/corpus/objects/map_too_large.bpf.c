// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Three thousand million entries: the kernel's own limit (E2BIG), not the guest's memory.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 3000000000U);
	__type(key, __u32);
	__type(value, __u64);
} huge SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
