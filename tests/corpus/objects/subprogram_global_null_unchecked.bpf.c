// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same without a look whether there is memory: a global function is verified for any caller.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct pair {
	int left, right;
};

__attribute__((noinline)) int sum(struct pair *pair)
{
	return pair->left + pair->right;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int begin(void *ctx)
{
	struct pair pair = { 1, 2 };

	return sum(&pair) == 7;
}

char LICENSE[] SEC("license") = "GPL";
