// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A security hook's program must answer 0 or an error number; kernels check it since 6.12.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lsm/file_open")
int answer(__u64 *ctx)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
