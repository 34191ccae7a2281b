// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Storage at sockets, filled as they are made.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} seen SEC(".maps");

SEC("cgroup/sock_create")
int remember(struct bpf_sock *sk)
{
	bpf_sk_storage_get(&seen, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
