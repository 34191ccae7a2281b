// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Values of the kernel's configuration: a number, a switch, a text.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern unsigned int CONFIG_HZ __kconfig;
extern _Bool CONFIG_BPF_SYSCALL __kconfig;
extern char CONFIG_DEFAULT_HOSTNAME[16] __kconfig;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	return CONFIG_HZ == 0 || !CONFIG_BPF_SYSCALL || CONFIG_DEFAULT_HOSTNAME[0] == 0;
}

char LICENSE[] SEC("license") = "GPL";
