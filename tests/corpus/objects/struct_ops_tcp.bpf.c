// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A congestion control algorithm of TCP, as every kernel since 5.6 takes it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct sock;

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
};

SEC("struct_ops/ssthresh")
int ssthresh(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops/cong_avoid")
int cong_avoid(__u64 *ctx)
{
	return 0;
}

SEC("struct_ops/undo_cwnd")
int undo_cwnd(__u64 *ctx)
{
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops algorithm = {
	.ssthresh = (void *)ssthresh,
	.cong_avoid = (void *)cong_avoid,
	.undo_cwnd = (void *)undo_cwnd,
	.name = "corpus",
};

char LICENSE[] SEC("license") = "GPL";
