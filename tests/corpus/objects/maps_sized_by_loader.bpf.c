// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same maps with a size of 0, as if their own loader set it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ENTRIES 0
#include "maps_of_5_10.h"

SEC("tracepoint/syscalls/sys_enter_openat")
int look_up(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&hash, &key) != 0;
}

char LICENSE[] SEC("license") = "GPL";
