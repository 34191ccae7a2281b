// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A context pointer is moved before it is used.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int move(struct xdp_md *ctx)
{
	asm volatile("%[ctx] += 4\n"
		     "%[ctx] = *(u32 *)(%[ctx] + 0)"
		     : [ctx] "+r"(ctx));
	return (long)ctx ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
