// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A security hook for one control group, from 6.0 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lsm_cgroup/socket_bind")
int allow(__u64 *ctx)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
