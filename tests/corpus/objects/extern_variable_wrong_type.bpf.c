// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same variable as a structure it is not.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct other {
	__u64 a, b, c;
};

extern const struct other bpf_prog_active __ksym;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	const struct other *active = bpf_this_cpu_ptr(&bpf_prog_active);

	return active->c != 0;
}

char LICENSE[] SEC("license") = "GPL";
