// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Control groups, by an iterator of 6.1.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter/cgroup")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
