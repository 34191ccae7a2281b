// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same without two functions it cannot do without: it loads, and registering it is refused.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct sock;

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	char name[16];
};

SEC("struct_ops/ssthresh")
int ssthresh(__u64 *ctx)
{
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops algorithm = {
	.ssthresh = (void *)ssthresh,
	.name = "corpus_half",
};

char LICENSE[] SEC("license") = "GPL";
