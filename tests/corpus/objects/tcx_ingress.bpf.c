// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A classifier that asks for tcx, which came in 6.6; older kernels load it and cannot attach it
// so.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tcx/ingress")
int classify(struct __sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
