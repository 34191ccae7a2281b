// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Probes of a function that only a module has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/nf_conntrack_in")
int on_packet(void *ctx)
{
	return 0;
}

SEC("kretprobe/nf_conntrack_in")
int after_packet(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
