// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Datagrams of a control group, sent and received.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/sendmsg4")
int send4(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/sendmsg6")
int send6(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/recvmsg4")
int receive4(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/recvmsg6")
int receive6(struct bpf_sock_addr *ctx)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
