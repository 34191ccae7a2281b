// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The kernel's version, which libbpf answers itself.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern unsigned int LINUX_KERNEL_VERSION __kconfig;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	return LINUX_KERNEL_VERSION < 0x050a00;
}

char LICENSE[] SEC("license") = "GPL";
