// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A jump with a wide offset, an instruction of 6.6, by its bytes. The late updates of 6.1 have it
// too, as the only one of its generation: a version number does not tell.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int jump(void *ctx)
{
	/* gotol +1 */
	asm volatile("r1 = %[time]\n"
		     "if r1 == 1 goto +1\n"
		     ".byte 0x06, 0, 0, 0, 1, 0, 0, 0\n"
		     "r1 = 1"
		     : : [time] "r"(bpf_ktime_get_ns()) : "r1");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
