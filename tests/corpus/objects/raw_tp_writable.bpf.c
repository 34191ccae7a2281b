// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A raw tracepoint whose argument the program may write, where the event offers a buffer.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp.w/bpf_test_finish")
int overwrite(struct bpf_raw_tracepoint_args *ctx)
{
	int *err = (void *)ctx->args[0];

	*err = 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
