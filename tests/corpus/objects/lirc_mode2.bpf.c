// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A decoder of infrared signals, a program type that Debian's cloud kernels are built without.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lirc_mode2")
int decode(unsigned int *sample)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
