// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Writing into a program's own memory from a probe: allowed to root, and the kernel logs it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/vfs_read")
int write(void *ctx)
{
	char byte = 0;

	bpf_probe_write_user(NULL, &byte, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
