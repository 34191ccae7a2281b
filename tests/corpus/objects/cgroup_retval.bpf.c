// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A control group's program that asks what the ones before it answered, by a helper of 5.18.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/bind4")
int before(struct bpf_sock_addr *ctx)
{
	return bpf_get_retval() == 0;
}

char LICENSE[] SEC("license") = "GPL";
