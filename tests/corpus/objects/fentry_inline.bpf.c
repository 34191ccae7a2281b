// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A typed probe of a function that became inline: 6.1 has no copy of it, later kernels have one in
// their BTF that cannot be traced, so the program is loaded and not attached. libbpf-tools' biosnoop
// has this hook.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry/blk_account_io_start")
int on_start(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
