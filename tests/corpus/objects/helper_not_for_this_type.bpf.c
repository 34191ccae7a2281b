// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A helper that every kernel has, called by a program of a type that may not.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 10);
	__uint(key_size, 4);
	__uint(value_size, 1016);
} stacks SEC(".maps");

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return bpf_get_stackid(ctx, &stacks, 0) < 0 ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
