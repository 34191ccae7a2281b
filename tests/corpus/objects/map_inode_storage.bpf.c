// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Storage at inodes, which a security hook fills.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inode {
	unsigned short i_mode;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} seen SEC(".maps");

SEC("lsm/inode_unlink")
int remember(__u64 *ctx)
{
	bpf_inode_storage_get(&seen, (void *)ctx[0], 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
