// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Text formatted into a buffer, from 5.13 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static const char format[] = "%d";

SEC("tracepoint/syscalls/sys_enter_openat")
int print(void *ctx)
{
	char text[16];
	__u64 arguments[] = { 7 };

	return bpf_snprintf(text, sizeof(text), format, arguments, sizeof(arguments)) < 0;
}

char LICENSE[] SEC("license") = "GPL";
