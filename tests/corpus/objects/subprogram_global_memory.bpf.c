// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A global function with a pointer to memory as argument, from 5.12 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct pair {
	int left, right;
};

__attribute__((noinline)) int sum(struct pair *pair)
{
	return pair ? pair->left + pair->right : 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int begin(void *ctx)
{
	struct pair pair = { 1, 2 };

	return sum(&pair) == 7;
}

char LICENSE[] SEC("license") = "GPL";
