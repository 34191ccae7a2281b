// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A traffic control action, which a filter calls.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("action")
int act(struct __sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
