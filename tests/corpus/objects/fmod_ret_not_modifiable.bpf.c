// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same on a function whose result must stay.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fmod_ret/vfs_read")
int replace_result(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
