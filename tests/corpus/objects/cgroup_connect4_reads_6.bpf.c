// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A hook of one address family reads the address of the other.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/connect4")
int over4(struct bpf_sock_addr *ctx)
{
	return ctx->user_ip6[0] == 0;
}

char LICENSE[] SEC("license") = "GPL";
