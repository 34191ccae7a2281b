// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A netfilter program, a program type of 6.4.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("netfilter")
int accept(void *ctx)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
