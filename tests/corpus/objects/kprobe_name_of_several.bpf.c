// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Probes a name that several static functions of the kernel have.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/type_show")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
