// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A section of more than 255 characters that names a function no kernel has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry/quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_quite_a_long_name_")
int on_entry(__u64 *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
