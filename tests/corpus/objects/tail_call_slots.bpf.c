// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Tail calls in sections `table/slot`, as loaders of traffic control read them and libbpf does not.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__uint(value_size, 4);
} calls SEC(".maps");

SEC("classifier")
int from_netdev(struct __sk_buff *ctx)
{
	bpf_tail_call(ctx, &calls, 7);
	return 0;
}

SEC("2/7")
int tail_handle(struct __sk_buff *ctx)
{
	return ctx->len == 0;
}

char LICENSE[] SEC("license") = "GPL";
