// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// 8300 undecidable branches in a row: more pending states than any verifier keeps, and found in a
// moment, where a million instructions would take minutes under emulation.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int branch_forever(void *ctx)
{
	__u64 left = bpf_ktime_get_ns(), right = bpf_get_prandom_u32();

	asm volatile(".rept 8300\n"
		     "if %[left] == %[right] goto +0\n"
		     ".endr\n"
		     : : [left] "r"(left), [right] "r"(right));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
