// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same hook by two programs of which the object's own loader keeps one: the typed variant, off
// by default, cannot load where the function is gone, and that must not decide.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("?fentry/account_page_dirtied")
int typed(__u64 *ctx)
{
	return 0;
}

SEC("?kprobe/account_page_dirtied")
int untyped(void *ctx)
{
	return 0;
}

SEC("kprobe/vfs_read")
int by_name(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
