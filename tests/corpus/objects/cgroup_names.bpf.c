// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// What a control group's sockets are told about their own and the peer's name.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/getpeername4")
int peer4(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/getpeername6")
int peer6(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/getsockname4")
int own4(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/getsockname6")
int own6(struct bpf_sock_addr *ctx)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
