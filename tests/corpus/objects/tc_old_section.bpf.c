// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The old name of the section for classifiers.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("classifier")
int classify(struct __sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
