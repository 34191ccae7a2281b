// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same, also asked when a listener goes away, from 5.14 on. Earlier kernels attach it and never ask.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sk_reuseport/migrate")
int choose(struct sk_reuseport_md *ctx)
{
	return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
