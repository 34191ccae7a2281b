// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A static probe of a user-space program, of which the guest has one.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

SEC("usdt//init:bpfcompat:probe")
int on_probe(struct pt_regs *ctx)
{
	return bpf_usdt_arg_cnt(ctx);
}

char LICENSE[] SEC("license") = "GPL";
