// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A kernel function that programs may call from 6.1 on and that went away in 6.16.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct cgroup {
	int level;
} __attribute__((preserve_access_index));

extern void cgroup_rstat_flush(struct cgroup *cgroup) __ksym;

SEC("iter.s/cgroup")
int flush(__u64 *ctx)
{
	struct cgroup *cgroup = (void *)ctx[1];

	if (cgroup)
		cgroup_rstat_flush(cgroup);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
