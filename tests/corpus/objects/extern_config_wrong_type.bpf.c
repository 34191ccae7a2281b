// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A number read as a switch.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern _Bool CONFIG_HZ __kconfig;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	return CONFIG_HZ;
}

char LICENSE[] SEC("license") = "GPL";
