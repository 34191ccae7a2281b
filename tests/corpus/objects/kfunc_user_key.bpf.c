// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A key of user space looked up and let go, from 6.1 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_key {
	_Bool has_ref;
} __attribute__((preserve_access_index));

extern struct bpf_key *bpf_lookup_user_key(__u32 serial, __u64 flags) __ksym;
extern void bpf_key_put(struct bpf_key *key) __ksym;

SEC("lsm.s/bpf")
int look(__u64 *ctx)
{
	struct bpf_key *key = bpf_lookup_user_key(1, 0);

	if (key)
		bpf_key_put(key);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
