// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A structure that the kernel has for its own tests, from 5.17 on: it loads and nothing takes it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_dummy_ops_state;

struct bpf_dummy_ops {
	int (*test_1)(struct bpf_dummy_ops_state *state);
};

SEC("struct_ops/test_1")
int test_1(__u64 *ctx)
{
	return 0;
}

SEC(".struct_ops")
struct bpf_dummy_ops dummy = {
	.test_1 = (void *)test_1,
};

char LICENSE[] SEC("license") = "GPL";
