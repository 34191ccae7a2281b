// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same where waiting is allowed.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("uprobe.s")
int read(void *ctx)
{
	char byte;

	return bpf_copy_from_user(&byte, 1, NULL) != 0;
}

char LICENSE[] SEC("license") = "GPL";
