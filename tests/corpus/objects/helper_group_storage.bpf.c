// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Storage at control groups by the helper that goes with it, both of 6.2, by number because older
// headers lack them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MAP_TYPE_CGRP_STORAGE 32

struct {
	__uint(type, MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} per_group SEC(".maps");

struct cgroup {
	int level;
} __attribute__((preserve_access_index));

static void *(*const cgrp_storage_get)(void *map, void *cgroup, void *value, __u64 flags) =
	(void *)210;

SEC("tp_btf/cgroup_attach_task")
int remember(__u64 *ctx)
{
	cgrp_storage_get(&per_group, (void *)ctx[0], 0, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
