// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An open-coded loop over numbers, from 6.4 on.
// Newer headers have it too, and the kernel knows it by this name.
#define bpf_iter_num bpf_iter_num_of_header
#include <linux/bpf.h>
#undef bpf_iter_num
#include <bpf/bpf_helpers.h>

struct bpf_iter_num {
	__u64 __opaque[1];
};

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

SEC("tp_btf/task_newtask")
int add(__u64 *ctx)
{
	struct bpf_iter_num it;
	int *number, sum = 0;

	bpf_iter_num_new(&it, 0, 1000);
	while ((number = bpf_iter_num_next(&it)))
		sum += *number;
	bpf_iter_num_destroy(&it);
	return sum < 0;
}

char LICENSE[] SEC("license") = "GPL";
