// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A loop that the kernel breaks off when it has run long enough, an instruction of 6.9, by its
// bytes.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int spin(void *ctx)
{
	/* may_goto +1 */
	asm volatile("1: .byte 0xe5, 0, 1, 0, 0, 0, 0, 0\n"
		     "goto -2");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
