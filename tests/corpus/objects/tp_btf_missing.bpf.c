// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A typed tracepoint that no kernel has: the BTF lookup fails before the kernel sees the program.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/no_such_tracepoint")
int on_nothing(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
