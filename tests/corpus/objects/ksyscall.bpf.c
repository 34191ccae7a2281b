// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// System calls by name, wherever the kernel keeps the function: libbpf adds the architecture's
// prefix.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("ksyscall/unlinkat")
int on_entry(void *ctx)
{
	return 0;
}

SEC("kretsyscall/unlinkat")
int on_return(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
