// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Memory of the program's own, allocated and dropped, from 6.2 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct parcel {
	__u64 content;
};

extern void *bpf_obj_new_impl(__u64 local_type_id, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *object, void *meta) __ksym;

SEC("tc")
int allocate(struct __sk_buff *skb)
{
	struct parcel *parcel = bpf_obj_new_impl(bpf_core_type_id_local(struct parcel), NULL);

	if (parcel)
		bpf_obj_drop_impl(parcel, NULL);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
