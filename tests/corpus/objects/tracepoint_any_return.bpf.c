// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A tracepoint's program may answer what it likes.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int on_entry(void *ctx)
{
	return bpf_get_prandom_u32();
}

char LICENSE[] SEC("license") = "GPL";
