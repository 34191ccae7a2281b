// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A switch that only newer kernels have on; off means absent.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern _Bool CONFIG_FPROBE __kconfig;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	return CONFIG_FPROBE;
}

char LICENSE[] SEC("license") = "GPL";
