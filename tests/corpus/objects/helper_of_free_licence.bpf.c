// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A helper for programs under the GPL alone, called by one that is not.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Proprietary";

SEC("tracepoint/syscalls/sys_enter_openat")
int print(void *ctx)
{
	static const char text[] = "hello";

	bpf_trace_printk(text, sizeof(text));
	return 0;
}
