// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Kernel settings that a control group reads and writes.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/sysctl")
int observe(struct bpf_sysctl *ctx)
{
	char name[64] = {};

	return bpf_sysctl_get_name(ctx, name, sizeof(name), 0) != 0;
}

char LICENSE[] SEC("license") = "GPL";
