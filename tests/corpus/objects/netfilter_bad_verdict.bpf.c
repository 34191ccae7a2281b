// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A netfilter program may accept or drop and nothing else.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("netfilter")
int steal(void *ctx)
{
	return 2;
}

char LICENSE[] SEC("license") = "GPL";
