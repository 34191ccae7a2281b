// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// As kprobe_do_unlinkat, but the target is looked up in BTF, so the load fails and not the attach.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry/do_unlinkat")
int on_unlink(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
