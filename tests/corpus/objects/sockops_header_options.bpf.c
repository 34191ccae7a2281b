// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// TCP header options, which programs read since 5.10.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sockops")
int observe(struct bpf_sock_ops *ops)
{
	unsigned char option[4] = { 254 };

	if (ops->op == BPF_SOCK_OPS_PARSE_HDR_OPT_CB)
		bpf_load_hdr_opt(ops, option, sizeof(option), 0);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
