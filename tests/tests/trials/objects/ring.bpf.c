// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Sends records of two sizes through a ring buffer, with output calls alone.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

static int refused;

SEC("tracepoint/syscalls/sys_enter_openat")
int opens(void *ctx)
{
	char opened[16] = "opened a file";
	long said = 7;

	if (bpf_ringbuf_output(&events, opened, sizeof(opened), 0))
		refused++;
	if (bpf_get_smp_processor_id() < 4096)
		bpf_ringbuf_output(&events, &said, sizeof(said), 0);
	return refused;
}

char LICENSE[] SEC("license") = "GPL";
