// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same as a weak symbol, which reads as zero.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern _Bool CONFIG_NO_SUCH_OPTION __kconfig __weak;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	return CONFIG_NO_SUCH_OPTION;
}

char LICENSE[] SEC("license") = "GPL";
