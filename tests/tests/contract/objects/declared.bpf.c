// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// An object that leaves to its loader whatever an object can leave to it. Without a loader nothing in it
// loads: `guarded` is only accepted once `mode` is 7, and that on every kernel.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>

const volatile int mode;
const volatile bool strict;
const volatile __u16 ports[4];
char label[8] = "none";
static const char wanted[] = "init";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
} sized SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 28);
	__uint(key_size, 4);
	__uint(value_size, 1 << 20);
} debug SEC(".maps");

SEC("kprobe/vfs_read")
int dispatched(void *ctx)
{
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__array(values, int(void *));
} jumps SEC(".maps") = { .values = { [0] = (void *)&dispatched } };

// Reads through a null pointer unless the loader said what it says.
static __always_inline int guarded(void)
{
	__u32 key = 0;
	long *value = bpf_map_lookup_elem(&sized, &key);

	if (mode != 7 || !strict || ports[1] != 443)
		return *(volatile long *)value;
	return value ? *value : 0;
}

static long step(__u32 index, void *context)
{
	return 0;
}

SEC("kprobe")
int on_write(void *ctx)
{
	__u32 key = 0;

	bpf_map_lookup_elem(&flows, &key);
	return label[0] == 'n' ? 1 : guarded();
}

SEC("fentry")
int on_read(void *ctx)
{
	guarded();
	return 0;
}

SEC("tracepoint")
int on_event(void *ctx)
{
	return guarded();
}

SEC("raw_tp")
int on_raw(void *ctx)
{
	return guarded();
}

SEC("tp_btf")
int on_typed(void *ctx)
{
	return guarded();
}

SEC("lsm")
int allow(void *ctx)
{
	return 0;
}

SEC("on_call_of_the_loader")
int on_call(void *ctx)
{
	return guarded();
}

SEC("uprobe")
int on_nothing(void *ctx)
{
	return 0;
}

SEC("ingress_policy")
int ingress(struct __sk_buff *skb)
{
	return 1;
}

SEC("kprobe/no_such_function")
int nowhere(void *ctx)
{
	return 0;
}

SEC("xdp_entry")
int entry(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("loadbalancer")
int balance(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("kprobe/vfs_read")
int walk_loop(void *ctx)
{
	bpf_loop(1, step, 0, 0);
	return guarded();
}

SEC("kprobe/vfs_read")
int walk_unrolled(void *ctx)
{
	return 0;
}

SEC("?kprobe/vfs_read")
int jump_loop(void *ctx)
{
	bpf_loop(1, step, 0, 0);
	bpf_tail_call(ctx, &jumps, 0);
	return guarded();
}

SEC("kprobe/vfs_read")
int jump_plain(void *ctx)
{
	return 0;
}

SEC("kprobe/vfs_read")
int state_new(void *ctx)
{
	return 0;
}

SEC("kprobe/vfs_read")
int state_old(void *ctx)
{
	return 0;
}

SEC("kprobe/vfs_read")
int named_function(void *ctx)
{
	return 0;
}

SEC("kprobe/vfs_read")
int named_type(void *ctx)
{
	return 0;
}

SEC("kprobe/vfs_read")
int compare(void *ctx)
{
	char name[8];

	bpf_get_current_comm(name, sizeof(name));
	return bpf_strncmp(name, sizeof(name), wanted) == 0;
}

SEC("kprobe/vfs_read")
int broken(void *ctx)
{
	return *(volatile int *)0;
}

char LICENSE[] SEC("license") = "GPL";
