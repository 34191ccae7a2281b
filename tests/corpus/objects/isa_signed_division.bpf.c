// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A division with signs, an instruction of 6.6, by its bytes.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int divide(void *ctx)
{
	/* r1 s/= 3 */
	asm volatile("r1 = -10\n"
		     ".byte 0x37, 0x01, 0x01, 0x00, 3, 0, 0, 0"
		     : : : "r1");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
