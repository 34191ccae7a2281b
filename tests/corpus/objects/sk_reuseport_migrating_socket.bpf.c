// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The socket that migrates is a field of 5.14; older kernels know the program and not the field.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sk_reuseport")
int choose(struct sk_reuseport_md *ctx)
{
	return ctx->migrating_sk ? SK_DROP : SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
