// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same, also asked when a listener goes away, from 5.14 on; older kernels do not look at how
// such a program says it is attached, and take it for a plain one.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sk_reuseport/migrate")
int choose(struct sk_reuseport_md *ctx)
{
	return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
