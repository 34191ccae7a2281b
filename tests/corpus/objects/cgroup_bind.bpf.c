// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Binding in a control group, before and after.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/bind4")
int before4(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/bind6")
int before6(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/post_bind4")
int after4(struct bpf_sock *sk)
{
	return 1;
}

SEC("cgroup/post_bind6")
int after6(struct bpf_sock *sk)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
