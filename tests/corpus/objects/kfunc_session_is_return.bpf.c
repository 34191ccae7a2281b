// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Whether a session is at its end, asked as 6.10 has it; 7.x wants to be given the context.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern _Bool bpf_session_is_return(void) __ksym;

SEC("kprobe.session/vfs_read")
int on_both(void *ctx)
{
	bpf_session_is_return();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
