// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A tracepoint that a module has, as an event and raw.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/kvm/kvm_entry")
int on_entry(void *ctx)
{
	return 0;
}

SEC("raw_tracepoint/kvm_entry")
int on_entry_raw(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
