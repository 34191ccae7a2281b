// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Ten megabytes of constants in one section, which becomes one map with one value.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile char all[10 << 20] = { 1 };

SEC("tracepoint/syscalls/sys_enter_openat")
int add(void *ctx)
{
	return all[7];
}

char LICENSE[] SEC("license") = "GPL";
