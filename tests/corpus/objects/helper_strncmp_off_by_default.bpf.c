// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The variant that needs a helper of 5.17 is off by default, the other one works everywhere.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static const char wanted[] = "init";

SEC("tracepoint/syscalls/sys_enter_openat")
int by_hand(void *ctx)
{
	char name[16];

	bpf_get_current_comm(name, sizeof(name));
	return name[0] == 'i' && name[1] == 'n' && name[2] == 'i' && name[3] == 't';
}

SEC("?tracepoint/syscalls/sys_enter_openat")
int by_helper(void *ctx)
{
	char name[16];

	bpf_get_current_comm(name, sizeof(name));
	return bpf_strncmp(name, sizeof(name), wanted) == 0;
}

char LICENSE[] SEC("license") = "GPL";
