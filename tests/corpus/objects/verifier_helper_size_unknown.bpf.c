// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A helper that fills a buffer of a size the verifier cannot know.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_openat")
int copy(void *ctx)
{
	char room[64];

	bpf_probe_read_kernel(room, bpf_get_prandom_u32(), ctx);
	return room[0];
}

char LICENSE[] SEC("license") = "GPL";
