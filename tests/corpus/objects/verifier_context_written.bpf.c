// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A tracepoint's arguments may be read and not written.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int overwrite(__u64 *ctx)
{
	ctx[2] = 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
