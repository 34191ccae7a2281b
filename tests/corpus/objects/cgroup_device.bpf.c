// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Devices that a control group opens.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/dev")
int allow(struct bpf_cgroup_dev_ctx *ctx)
{
	return ctx->access_type != 0;
}

char LICENSE[] SEC("license") = "GPL";
