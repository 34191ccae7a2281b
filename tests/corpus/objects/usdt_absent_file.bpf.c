// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A static probe of a library that the guest does not have: nothing was exercised.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

SEC("usdt//usr/lib/libc.so.6:libc:setjmp")
int on_setjmp(struct pt_regs *ctx)
{
	return bpf_usdt_arg_cnt(ctx);
}

char LICENSE[] SEC("license") = "GPL";
