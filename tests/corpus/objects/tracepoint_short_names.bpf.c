// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The short names of tracepoint sections mean the same as the long ones.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp/syscalls/sys_enter_close")
int on_close(void *ctx)
{
	return 0;
}

SEC("raw_tracepoint/sys_enter")
int on_any_call(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[1] ? 0 : 1;
}

char LICENSE[] SEC("license") = "GPL";
