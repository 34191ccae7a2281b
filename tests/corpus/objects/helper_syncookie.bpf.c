// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A SYN cookie made from a packet alone, from 6.0 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct iphdr {
	__u8 bytes[20];
};

struct tcphdr {
	__u8 bytes[20];
};

SEC("xdp")
int answer(struct xdp_md *ctx)
{
	struct iphdr ip = {};
	struct tcphdr tcp = {};

	return bpf_tcp_raw_gen_syncookie_ipv4(&ip, &tcp, sizeof(tcp)) < 0 ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
