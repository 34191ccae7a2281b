// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The verdict on what a socket sends, with a socket map of its own.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} peers SEC(".maps");

SEC("sk_msg")
int decide(struct sk_msg_md *msg)
{
	return bpf_msg_redirect_map(msg, &peers, 0, BPF_F_INGRESS);
}

char LICENSE[] SEC("license") = "GPL";
