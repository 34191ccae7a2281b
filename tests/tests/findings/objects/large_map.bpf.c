// A map of MIB mebibytes that are taken when it is made.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct value {
	char bytes[1 << 20];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MIB);
	__type(key, __u32);
	__type(value, struct value);
} large SEC(".maps");

SEC("raw_tp/sys_enter")
int count(void *context)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&large, &key) != 0;
}

char gpl[] SEC("license") = "GPL";
