// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A typed probe of a function that no kernel has: the look-up in BTF fails before the load.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry/no_such_function")
int on_nothing(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
