// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Sections libbpf does not know, whose beginning says what older loaders made of them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp_entry")
int entry(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("classifier/out")
int leave(struct __sk_buff *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
