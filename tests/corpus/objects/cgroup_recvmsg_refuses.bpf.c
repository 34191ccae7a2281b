// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Received datagrams cannot be refused, only changed: 0 is no answer.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/recvmsg4")
int receive4(struct bpf_sock_addr *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
