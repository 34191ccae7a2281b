// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Programs of three kinds that count what they see in every way a check can look at.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} senders SEC(".maps");

__u64 opens;

SEC("tracepoint/syscalls/sys_enter_openat")
int count_open(void *ctx)
{
	char word[] = "opened";

	__sync_fetch_and_add(&opens, 1);
	bpf_printk("saw an open");
	bpf_ringbuf_output(&events, word, sizeof(word), 0);
	return 0;
}

SEC("xdp")
int count_packet(struct xdp_md *ctx)
{
	__u32 key = 1;
	__u64 *count = bpf_map_lookup_elem(&packets, &key);

	if (count)
		*count += 1;
	return XDP_PASS;
}

SEC("cgroup_skb/egress")
int count_sender(struct __sk_buff *skb)
{
	__u32 key = 7, one = 1;

	bpf_map_update_elem(&senders, &key, &one, BPF_ANY);
	return 1;
}

#ifdef WITH_REFUSED
// No kernel takes it: it reads a value that may not be there.
SEC("tracepoint/syscalls/sys_enter_close")
int refused(void *ctx)
{
	__u32 key = 7;
	__u32 *sent = bpf_map_lookup_elem(&senders, &key);

	return *sent;
}
#endif

char LICENSE[] SEC("license") = "GPL";
