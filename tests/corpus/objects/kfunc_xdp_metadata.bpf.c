// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A packet's time of arrival, which the kernel asks of one network device: from 6.3 on it wants
// the program bound to that device, which a section cannot say.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, __u64 *timestamp) __ksym;

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	__u64 timestamp = 0;

	return bpf_xdp_metadata_rx_timestamp(ctx, &timestamp) ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
