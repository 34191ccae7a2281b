// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same hooks for Unix sockets, from 6.7 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/connect_unix")
int connect(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/sendmsg_unix")
int send(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/recvmsg_unix")
int receive(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/getpeername_unix")
int peer(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/getsockname_unix")
int own(struct bpf_sock_addr *ctx)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
