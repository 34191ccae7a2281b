// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A helper that may wait for memory, called where nothing may wait: old kernels hide it there,
// newer ones say why.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/vfs_read")
int read(void *ctx)
{
	char byte;

	return bpf_copy_from_user(&byte, 1, NULL) != 0;
}

char LICENSE[] SEC("license") = "GPL";
