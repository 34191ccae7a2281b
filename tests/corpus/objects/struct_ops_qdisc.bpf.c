// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A queueing discipline in BPF, an interface of 6.16 that Debian's cloud kernels have from 6.17
// on. This one drops every packet.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct sk_buff {
	unsigned int len;
} __attribute__((preserve_access_index));

struct bpf_sk_buff_ptr {
	struct sk_buff *skb;
} __attribute__((preserve_access_index));

struct Qdisc;
struct nlattr;
struct netlink_ext_ack;

struct Qdisc_ops {
	char id[16];
	int (*enqueue)(struct sk_buff *skb, struct Qdisc *queue, struct sk_buff **to_free);
	struct sk_buff *(*dequeue)(struct Qdisc *queue);
	int (*init)(struct Qdisc *queue, struct nlattr *options, struct netlink_ext_ack *ack);
	void (*reset)(struct Qdisc *queue);
	void (*destroy)(struct Qdisc *queue);
};

extern void bpf_qdisc_skb_drop(struct sk_buff *skb, struct bpf_sk_buff_ptr *to_free) __ksym __weak;

SEC("struct_ops/enqueue")
int enqueue(__u64 *ctx)
{
	bpf_qdisc_skb_drop((void *)ctx[0], (void *)ctx[2]);
	return 1;
}

SEC("struct_ops/dequeue")
int dequeue(__u64 *ctx)
{
	return 0;
}

SEC("struct_ops/init")
int init(__u64 *ctx)
{
	return 0;
}

SEC("struct_ops/reset")
int reset(__u64 *ctx)
{
	return 0;
}

SEC("struct_ops/destroy")
int destroy(__u64 *ctx)
{
	return 0;
}

SEC(".struct_ops.link")
struct Qdisc_ops discipline = {
	.id = "corpus",
	.enqueue = (void *)enqueue,
	.dequeue = (void *)dequeue,
	.init = (void *)init,
	.reset = (void *)reset,
	.destroy = (void *)destroy,
};

char LICENSE[] SEC("license") = "GPL";
