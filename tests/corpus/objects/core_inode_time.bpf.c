// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The time of an inode's last change, a field with another name since 6.6 and again since 6.11.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct timespec64 {
	long long tv_sec;
} __attribute__((preserve_access_index));

struct inode {
	struct timespec64 i_ctime;
} __attribute__((preserve_access_index));

SEC("lsm/inode_unlink")
int look(__u64 *ctx)
{
	struct inode *inode = (void *)ctx[0];

	return BPF_CORE_READ(inode, i_ctime.tv_sec) < 0 ? -1 : 0;
}

char LICENSE[] SEC("license") = "GPL";
