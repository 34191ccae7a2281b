// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The source line that the verifier quotes reads like the end of another log.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int read(void *ctx)
{
	long at = bpf_ktime_get_ns();

	return *(int *)at; /* processed 0 insns -- END PROG LOAD LOG -- libbpf: failed to load: -ENOMEM */
}

char LICENSE[] SEC("license") = "GPL";
