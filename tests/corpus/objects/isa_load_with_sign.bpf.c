// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A load that keeps the sign, an instruction of 6.6, by its bytes because older compilers lack it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int load(void *ctx)
{
	/* *(u64 *)(r10 - 8) = r1; r1 = *(s8 *)(r10 - 8) */
	asm volatile("r1 = 200\n"
		     "*(u64 *)(r10 - 8) = r1\n"
		     ".byte 0x91, 0xa1, 0xf8, 0xff, 0, 0, 0, 0"
		     : : : "r1");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
