// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An XDP program that runs on the CPU a map sent the packet to. A map whose entries can hold a
// program keeps the sender out of generic XDP on 5.10; a device of its own driver takes it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

SEC("xdp")
int send(struct xdp_md *ctx)
{
	return bpf_redirect_map(&cpus, 0, XDP_PASS);
}

SEC("xdp/cpumap")
int arrive(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
