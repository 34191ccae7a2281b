// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A reserved ring buffer entry that is never submitted: no access is wrong, the verifier calls
// the program itself invalid (EINVAL).
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

SEC("tracepoint/sched/sched_process_exec")
int reserve_and_forget(void *ctx)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (event)
		*event = 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
