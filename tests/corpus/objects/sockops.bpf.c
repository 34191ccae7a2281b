// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Socket operations are attached to a control group by their section alone.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sockops")
int observe(struct bpf_sock_ops *ops)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
