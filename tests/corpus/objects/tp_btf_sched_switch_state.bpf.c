// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// sched_switch has told the state of the previous task as its fourth argument since 5.18.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/sched_switch")
int read_state(__u64 *ctx)
{
	return ctx[3] != 0;
}

char LICENSE[] SEC("license") = "GPL";
