// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// What user space put into its ring buffer, by helper and callback, from 6.1 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 64 * 1024);
} commands SEC(".maps");

static long obey(struct bpf_dynptr *command, void *context)
{
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int drain(void *ctx)
{
	return bpf_user_ringbuf_drain(&commands, obey, NULL, 0) < 0;
}

char LICENSE[] SEC("license") = "GPL";
