/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* One map of every type that 5.10 has and an object can declare, each with the size ENTRIES. */
#define MAP(name, kind, flags, key, value) \
	struct { \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__uint(map_flags, flags); \
		__uint(max_entries, ENTRIES); \
		__uint(key_size, key); \
		__uint(value_size, value); \
	} name SEC(".maps");

/* Storage finds its place by a type of its own, and its size is always 0. */
#define STORAGE(name, kind, flags, key_type) \
	struct { \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__uint(map_flags, flags); \
		__type(key, key_type); \
		__type(value, __u64); \
	} name SEC(".maps");

#define MAP_OF_MAPS(name, kind) \
	struct { \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__uint(max_entries, ENTRIES); \
		__uint(key_size, 4); \
		__array(values, struct inner); \
	} name SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
};

MAP(hash, HASH, 0, 4, 8)
MAP(array, ARRAY, 0, 4, 8)
MAP(programs, PROG_ARRAY, 0, 4, 4)
MAP(perf_events, PERF_EVENT_ARRAY, 0, 4, 4)
MAP(percpu_hash, PERCPU_HASH, 0, 4, 8)
MAP(percpu_array, PERCPU_ARRAY, 0, 4, 8)
MAP(stacks, STACK_TRACE, 0, 4, 1016)
MAP(groups, CGROUP_ARRAY, 0, 4, 4)
MAP(lru_hash, LRU_HASH, 0, 4, 8)
MAP(lru_percpu_hash, LRU_PERCPU_HASH, 0, 4, 8)
MAP(prefixes, LPM_TRIE, BPF_F_NO_PREALLOC, 8, 8)
MAP_OF_MAPS(array_of_maps, ARRAY_OF_MAPS)
MAP_OF_MAPS(hash_of_maps, HASH_OF_MAPS)
MAP(devices, DEVMAP, 0, 4, 8)
MAP(devices_by_key, DEVMAP_HASH, 0, 4, 8)
MAP(sockets, SOCKMAP, 0, 4, 8)
MAP(sockets_by_key, SOCKHASH, 0, 8, 8)
MAP(cpus, CPUMAP, 0, 4, 8)
MAP(rings_of_xdp, XSKMAP, 0, 4, 4)
MAP(sockets_of_port, REUSEPORT_SOCKARRAY, 0, 4, 8)
MAP(first_come, QUEUE, 0, 0, 8)
MAP(last_come, STACK, 0, 0, 8)
MAP(ring, RINGBUF, 0, 0, 0)
STORAGE(per_group, CGROUP_STORAGE, 0, struct bpf_cgroup_storage_key)
STORAGE(per_group_and_cpu, PERCPU_CGROUP_STORAGE, 0, struct bpf_cgroup_storage_key)
STORAGE(per_socket, SK_STORAGE, BPF_F_NO_PREALLOC, int)
STORAGE(per_inode, INODE_STORAGE, BPF_F_NO_PREALLOC, int)
