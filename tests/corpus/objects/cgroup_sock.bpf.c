// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Sockets of a control group, when they are made and let go.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/sock_create")
int make(struct bpf_sock *sk)
{
	return 1;
}

SEC("cgroup/sock_release")
int let_go(struct bpf_sock *sk)
{
	return 1;
}

SEC("cgroup/sock")
int make_too(struct bpf_sock *sk)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
