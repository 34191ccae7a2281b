// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Five hundred programs, each with a map of its own.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define PAIR(hundreds, tens, ones) \
	struct { \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__uint(max_entries, 1); \
		__type(key, __u32); \
		__type(value, __u64); \
	} m_##hundreds##_##tens##_##ones SEC(".maps"); \
	SEC("raw_tp/task_newtask") \
	int p_##hundreds##_##tens##_##ones(void *ctx) \
	{ \
		__u32 key = 0; \
		return bpf_map_lookup_elem(&m_##hundreds##_##tens##_##ones, &key) == 0; \
	}
#define TEN(hundreds, tens) \
	PAIR(hundreds, tens, 0) PAIR(hundreds, tens, 1) PAIR(hundreds, tens, 2) PAIR(hundreds, tens, 3) \
	PAIR(hundreds, tens, 4) PAIR(hundreds, tens, 5) PAIR(hundreds, tens, 6) PAIR(hundreds, tens, 7) \
	PAIR(hundreds, tens, 8) PAIR(hundreds, tens, 9)
#define HUNDRED(hundreds) \
	TEN(hundreds, 0) TEN(hundreds, 1) TEN(hundreds, 2) TEN(hundreds, 3) TEN(hundreds, 4) \
	TEN(hundreds, 5) TEN(hundreds, 6) TEN(hundreds, 7) TEN(hundreds, 8) TEN(hundreds, 9)

HUNDRED(0) HUNDRED(1) HUNDRED(2) HUNDRED(3) HUNDRED(4)

char LICENSE[] SEC("license") = "GPL";
