// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Comparing strings of any length, from 6.17 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static const char wanted[] = "init";

extern int bpf_strcmp(const char *left, const char *right) __ksym;

SEC("tc")
int compare(struct __sk_buff *skb)
{
	return bpf_strcmp(wanted, wanted) ? 2 : 0;
}

char LICENSE[] SEC("license") = "GPL";
