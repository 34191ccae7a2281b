// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A security hook of 6.9.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lsm/bpf_token_create")
int allow(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
