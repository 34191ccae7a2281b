// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A tail call out of a function that was itself called, which x86 has since 5.10.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} steps SEC(".maps");

static __attribute__((noinline)) int leave(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &steps, 0);
	return 0;
}

SEC("tc")
int classify(struct __sk_buff *skb)
{
	return leave(skb);
}

char LICENSE[] SEC("license") = "GPL";
