// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A call that older kernels lack behind a look at the version: the verifier never sees it there.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern unsigned int LINUX_KERNEL_VERSION __kconfig;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	if (LINUX_KERNEL_VERSION >= 0x060100)
		return bpf_ktime_get_tai_ns() == 0;
	return bpf_ktime_get_ns() == 0;
}

char LICENSE[] SEC("license") = "GPL";
