// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A program that changes what a security hook returns; only such functions may be changed in a
// kernel without error injection.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fmod_ret/security_file_open")
int keep(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
