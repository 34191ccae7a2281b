// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// One map of every type that 5.10 has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ENTRIES 4096
#include "maps_of_5_10.h"

SEC("tracepoint/syscalls/sys_enter_openat")
int look_up(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&hash, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
