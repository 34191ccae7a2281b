// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// As kprobe_module_function, but the target is looked up in the module's BTF, which kernels publish
// from 5.11 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry/nf_conntrack_in")
int on_packet(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
