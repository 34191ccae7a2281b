// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A changed result by a program that may sleep, which the kernel must know to be safe there.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fmod_ret.s/security_file_open")
int replace_result(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
