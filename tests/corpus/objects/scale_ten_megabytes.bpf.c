// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Ten megabytes of constants in five sections.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define BYTES (2 << 20)

const volatile char first[BYTES] SEC(".rodata.first") = { 1 };
const volatile char second[BYTES] SEC(".rodata.second") = { 2 };
const volatile char third[BYTES] SEC(".rodata.third") = { 3 };
const volatile char fourth[BYTES] SEC(".rodata.fourth") = { 4 };
const volatile char fifth[BYTES] SEC(".rodata.fifth") = { 5 };

SEC("tracepoint/syscalls/sys_enter_openat")
int add(void *ctx)
{
	return first[7] + second[7] + third[7] + fourth[7] + fifth[7];
}

char LICENSE[] SEC("license") = "GPL";
