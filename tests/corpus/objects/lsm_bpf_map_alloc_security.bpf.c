// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A security hook that became another in 6.9: newer is not always better.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lsm/bpf_map_alloc_security")
int allow(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
