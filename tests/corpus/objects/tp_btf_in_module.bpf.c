// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A typed tracepoint that a module has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/kvm_entry")
int on_entry(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
