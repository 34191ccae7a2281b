// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The address of a kernel symbol by name, for programs on demand alone, from 5.16 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static const char name[] = "init_task";

SEC("syscall")
int look_up(void *ctx)
{
	__u64 address = 0;

	return bpf_kallsyms_lookup_name(name, sizeof(name), 0, &address) != 0;
}

char LICENSE[] SEC("license") = "GPL";
