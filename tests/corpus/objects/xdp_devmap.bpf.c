// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An XDP program that runs before a packet leaves through a device a map names. As with CPUs,
// generic XDP of 5.10 refuses the sender and a device's own driver takes it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} devices SEC(".maps");

SEC("xdp")
int send(struct xdp_md *ctx)
{
	return bpf_redirect_map(&devices, 0, XDP_PASS);
}

SEC("xdp/devmap")
int leave(struct xdp_md *ctx)
{
	return ctx->egress_ifindex ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
