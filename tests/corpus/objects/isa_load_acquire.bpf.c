// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A load that later ones do not overtake, an instruction of 6.15, by its bytes.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int load(void *ctx)
{
	/* r1 = load_acquire((u64 *)(r10 - 8)) */
	asm volatile("r1 = 0\n"
		     "*(u64 *)(r10 - 8) = r1\n"
		     ".byte 0xdb, 0xa1, 0xf8, 0xff, 0x00, 0x01, 0, 0"
		     : : : "r1");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
