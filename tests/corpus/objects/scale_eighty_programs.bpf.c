// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Eighty programs, of which none may be left out.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define PROGRAM(tens, ones) \
	SEC("raw_tp/task_newtask") int p_##tens##_##ones(void *ctx) { return tens * 10 + ones; }
#define TEN(tens) \
	PROGRAM(tens, 0) PROGRAM(tens, 1) PROGRAM(tens, 2) PROGRAM(tens, 3) PROGRAM(tens, 4) \
	PROGRAM(tens, 5) PROGRAM(tens, 6) PROGRAM(tens, 7) PROGRAM(tens, 8) PROGRAM(tens, 9)

TEN(0) TEN(1) TEN(2) TEN(3) TEN(4) TEN(5) TEN(6) TEN(7)

char LICENSE[] SEC("license") = "GPL";
