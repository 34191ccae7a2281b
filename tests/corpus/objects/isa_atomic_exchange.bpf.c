// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An exchange with memory and a conditional one, instructions of 5.12.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 state;

SEC("tracepoint/syscalls/sys_enter_openat")
int swap(void *ctx)
{
	__u64 before = __sync_lock_test_and_set(&state, 3);

	return __sync_val_compare_and_swap(&state, before, 4) == 7;
}

char LICENSE[] SEC("license") = "GPL";
