// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A buffer handed to a helper that fills it, never initialised: later verifiers let root's
// programs read what is on their stack.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/sysctl")
int observe(struct bpf_sysctl *ctx)
{
	char name[64];

	return bpf_sysctl_get_name(ctx, name, sizeof(name), 0) != 0;
}

char LICENSE[] SEC("license") = "GPL";
