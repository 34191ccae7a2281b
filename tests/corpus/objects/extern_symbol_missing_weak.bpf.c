// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same as a weak symbol, whose address is zero.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const void no_such_symbol __ksym __weak;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	return &no_such_symbol == NULL;
}

char LICENSE[] SEC("license") = "GPL";
