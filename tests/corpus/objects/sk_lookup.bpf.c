// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A program that chooses the socket of a connection, attached to the network namespace.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sk_lookup")
int choose(struct bpf_sk_lookup *ctx)
{
	return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
