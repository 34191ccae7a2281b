// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// One program that libbpf knows beside one that only its own loader does: the first is exercised.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int plain(void *ctx)
{
	return 0;
}

SEC("mystery")
int strange(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
