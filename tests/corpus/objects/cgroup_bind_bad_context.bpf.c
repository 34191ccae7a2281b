// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// After binding there is a socket, whose type the program may not change.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/post_bind4")
int after4(struct bpf_sock *sk)
{
	sk->type = 1;
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
