// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same loop whose iterator is never given back.
// Newer headers have it too, and the kernel knows it by this name.
#define bpf_iter_num bpf_iter_num_of_header
#include <linux/bpf.h>
#undef bpf_iter_num
#include <bpf/bpf_helpers.h>

struct bpf_iter_num {
	__u64 __opaque[1];
};

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;

SEC("tp_btf/task_newtask")
int add(__u64 *ctx)
{
	struct bpf_iter_num it;

	return bpf_iter_num_new(&it, 0, 10) != 0;
}

char LICENSE[] SEC("license") = "GPL";
