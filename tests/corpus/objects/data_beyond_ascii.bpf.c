// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Constants that are no text in any encoding.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile unsigned char noise[] = "\xff\xfe\x80\x00\xc3\x28\xed\xa0\x80\x1b[31m";

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	return noise[bpf_get_prandom_u32() & 7] == 0xff;
}

char LICENSE[] SEC("license") = "GPL";
