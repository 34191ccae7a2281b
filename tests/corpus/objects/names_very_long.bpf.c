// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Two programs whose names are much longer than the kernel keeps, and the same up to there: only
// the second is rejected.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_good(void *ctx)
{
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_bad(void *ctx)
{
	return *(int *)(long)bpf_ktime_get_ns();
}

char LICENSE[] SEC("license") = "GPL";
