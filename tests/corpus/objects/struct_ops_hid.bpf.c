// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A HID driver in BPF: no cloud kernel of Debian has the interface, so its BTF lacks the type.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct hid_bpf_ctx;

struct hid_bpf_ops {
	int hid_id;
	int (*hid_device_event)(struct hid_bpf_ctx *ctx, int type, __u64 source);
};

SEC("struct_ops/hid_device_event")
int on_event(__u64 *ctx)
{
	return 0;
}

SEC(".struct_ops.link")
struct hid_bpf_ops driver = {
	.hid_device_event = (void *)on_event,
};

char LICENSE[] SEC("license") = "GPL";
