// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same with an entry that the verifier rejects: the bad one is the cause, and the good one is not.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int second(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__array(values, int (void *));
} steps SEC(".maps") = {
	.values = { [1] = (void *)&second },
};

SEC("tracepoint/syscalls/sys_enter_openat")
int first(void *ctx)
{
	bpf_tail_call(ctx, &steps, 1);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int second(void *ctx)
{
	return *(int *)(long)bpf_get_prandom_u32();
}

char LICENSE[] SEC("license") = "GPL";
