// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A security hook that is called where nothing may sleep.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lsm.s/task_free")
int observe(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
