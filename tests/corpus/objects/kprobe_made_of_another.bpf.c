// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Probes a function of which the compiler left only what it made of it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/finish_task_switch")
int observe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
