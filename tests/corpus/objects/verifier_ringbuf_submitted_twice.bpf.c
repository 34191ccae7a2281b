// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A ring buffer's entry submitted a second time.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int emit(void *ctx)
{
	__u64 *entry = bpf_ringbuf_reserve(&events, sizeof(*entry), 0);

	if (!entry)
		return 0;
	*entry = 1;
	bpf_ringbuf_submit(entry, 0);
	bpf_ringbuf_submit(entry, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
