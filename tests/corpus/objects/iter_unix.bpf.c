// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Unix sockets, by an iterator of 5.15.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter/unix")
int walk(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
