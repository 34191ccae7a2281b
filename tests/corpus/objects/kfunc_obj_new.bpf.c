// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// The same without the argument that was for the verifier, which came in 7.x.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct parcel {
	__u64 content;
};

extern void *bpf_obj_new(__u64 local_type_id) __ksym;
extern void bpf_obj_drop(void *object) __ksym;

SEC("tc")
int allocate(struct __sk_buff *skb)
{
	struct parcel *parcel = bpf_obj_new(bpf_core_type_id_local(struct parcel));

	if (parcel)
		bpf_obj_drop(parcel);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
