// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Sections that other loaders give a meaning and libbpf knows none of. Numbered sockets and a name
// after the type mean what they begin with; iproute2's tail calls begin with nothing.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp_prog")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("socket1")
int keep(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("classifier/x")
int classify(struct __sk_buff *skb)
{
	return 0;
}

SEC("2/7")
int step(struct __sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
