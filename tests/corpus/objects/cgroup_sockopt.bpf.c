// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Socket options of a control group.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/getsockopt")
int get(struct bpf_sockopt *ctx)
{
	return 1;
}

SEC("cgroup/setsockopt")
int set(struct bpf_sockopt *ctx)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
