// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same with a verdict that does not exist.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sk_lookup")
int choose(struct bpf_sk_lookup *ctx)
{
	return 2;
}

char LICENSE[] SEC("license") = "GPL";
