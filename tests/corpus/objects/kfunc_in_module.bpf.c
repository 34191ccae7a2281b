// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Calls of kernel functions that a module has from 5.18 on, in a program that hooks nothing of it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct nf_conn {
	unsigned long status;
} __attribute__((preserve_access_index));

struct bpf_ct_opts {
	__s32 netns_id;
	__s32 error;
	__u8 l4proto;
	__u8 dir;
	__u8 reserved[2];
} __attribute__((preserve_access_index));

extern struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *ctx, struct bpf_sock_tuple *tuple, __u32 tuple_bytes,
					 struct bpf_ct_opts *opts, __u32 opts_bytes) __ksym;
extern void bpf_ct_release(struct nf_conn *connection) __ksym;

SEC("xdp")
int known_connection(struct xdp_md *ctx)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_ct_opts opts = { .netns_id = -1, .l4proto = 6 };
	struct nf_conn *connection;

	connection = bpf_xdp_ct_lookup(ctx, &tuple, sizeof(tuple.ipv4), &opts, sizeof(opts));
	if (connection)
		bpf_ct_release(connection);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
