// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A map of sockets by key, and one of AF_XDP sockets.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 2);
	__type(key, __u64);
	__type(value, __u64);
} sockets SEC(".maps");

SEC("xdp")
int send(struct xdp_md *ctx)
{
	return bpf_redirect_map(&rings, ctx->rx_queue_index, XDP_PASS);
}

char LICENSE[] SEC("license") = "GPL";
