// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A program that calls the bpf system call itself, as light skeletons do, from 5.14 on; it asks
// for a program by a number that nothing has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("syscall")
int ask(void *ctx)
{
	union bpf_attr attr = {};

	attr.prog_id = 0xffffffff;
	return bpf_sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr)) == 0;
}

char LICENSE[] SEC("license") = "GPL";
