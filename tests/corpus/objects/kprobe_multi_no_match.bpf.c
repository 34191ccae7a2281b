// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A multi-kprobe whose pattern fits no function of any kernel.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe.multi/no_such_function_*")
int on_nothing(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
