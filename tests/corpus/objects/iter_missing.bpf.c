// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An iterator over something that no kernel offers.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter/no_such_thing")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
