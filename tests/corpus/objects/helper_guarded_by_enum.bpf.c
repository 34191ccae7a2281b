// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A helper of 5.17 called only where the kernel's own list of helpers has it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

static const char wanted[] = "init";

enum bpf_func_id___corpus {
	BPF_FUNC_strncmp___corpus = 182,
};

SEC("tracepoint/syscalls/sys_enter_openat")
int compare(void *ctx)
{
	char name[16];

	bpf_get_current_comm(name, sizeof(name));
	if (bpf_core_enum_value_exists(enum bpf_func_id___corpus, BPF_FUNC_strncmp___corpus))
		return bpf_strncmp(name, sizeof(name), wanted) == 0;
	return name[0] == 'i';
}

char LICENSE[] SEC("license") = "GPL";
