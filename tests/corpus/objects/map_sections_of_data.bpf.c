// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Variables in all the sections that become maps, custom ones too.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile int limits[100] = { 1 };
int totals[1000] SEC(".data.totals") = { 1 };
int scratch[100000];
const int table[10] SEC(".rodata.table") = { 3 };
char text[50] SEC(".bss.text");

SEC("tracepoint/syscalls/sys_enter_openat")
int add(void *ctx)
{
	__u32 index = bpf_get_prandom_u32() & 63;

	totals[index] += limits[index] + table[index & 7] + scratch[index * 7];
	return text[index & 31];
}

char LICENSE[] SEC("license") = "GPL";
