// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// bpf_strncmp came in 5.17: one helper decides from which kernel on the object works.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static const char wanted[] = "init";

SEC("tracepoint/syscalls/sys_enter_openat")
int compare_name(void *ctx)
{
	char name[16];

	bpf_get_current_comm(name, sizeof(name));
	return bpf_strncmp(name, sizeof(name), wanted) == 0;
}

char LICENSE[] SEC("license") = "GPL";
