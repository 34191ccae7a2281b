// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same never submitted; even an entry that could not be had must be given back.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int emit(void *ctx)
{
	struct bpf_dynptr entry;

	bpf_ringbuf_reserve_dynptr(&events, 100, 0, &entry);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
