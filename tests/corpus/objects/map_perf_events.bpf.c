// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The buffers of perf events, as tools had them before ring buffers; libbpf sizes the map.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int emit(void *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &now, sizeof(now)) != 0;
}

char LICENSE[] SEC("license") = "GPL";
