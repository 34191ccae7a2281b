// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A probe two bytes into a function, in the middle of an instruction: the symbol exists and the
// place is refused (EILSEQ).
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/vfs_read+2")
int in_the_middle(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
