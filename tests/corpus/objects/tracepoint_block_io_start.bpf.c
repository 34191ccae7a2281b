// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A tracepoint that kernels before 6.5 lack: it loads everywhere and attaches only where the
// event exists.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tracepoint/block/block_io_start")
int on_io_start(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
