// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A program that chooses among the sockets of one port.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

SEC("sk_reuseport")
int choose(struct sk_reuseport_md *ctx)
{
	__u32 key = 0;

	bpf_sk_select_reuseport(ctx, &sockets, &key, 0);
	return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
