// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same behind a look whether it exists.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

enum bpf_link_type___corpus {
	BPF_LINK_TYPE_KPROBE_MULTI___corpus = 1,
};

SEC("kprobe/vfs_read")
int look(void *ctx)
{
	if (!bpf_core_enum_value_exists(enum bpf_link_type___corpus, BPF_LINK_TYPE_KPROBE_MULTI___corpus))
		return 0;
	return bpf_core_enum_value(enum bpf_link_type___corpus, BPF_LINK_TYPE_KPROBE_MULTI___corpus) == 0;
}

char LICENSE[] SEC("license") = "GPL";
