// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A security hook that forbids what attaching the next program needs, as long as it is at work.
// Each of the two works where the other is not, so both pass.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lsm/file_open")
int forbid_open(__u64 *ctx)
{
	return -1;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int count_openat(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
