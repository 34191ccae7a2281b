// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A typed variable of the kernel, one per CPU. Debian's 5.10 was built without such variables in
// its BTF.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const int bpf_prog_active __ksym;

SEC("tracepoint/syscalls/sys_enter_openat")
int look(void *ctx)
{
	const int *active = bpf_this_cpu_ptr(&bpf_prog_active);

	return *active < 0;
}

char LICENSE[] SEC("license") = "GPL";
