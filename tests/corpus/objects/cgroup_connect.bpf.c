// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Connecting in a control group.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/connect4")
int over4(struct bpf_sock_addr *ctx)
{
	return ctx->user_port != 0;
}

SEC("cgroup/connect6")
int over6(struct bpf_sock_addr *ctx)
{
	return ctx->user_port != 0;
}

char LICENSE[] SEC("license") = "GPL";
