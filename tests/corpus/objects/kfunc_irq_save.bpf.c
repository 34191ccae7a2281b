// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// Interrupts switched off for a few instructions, from 6.14 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void bpf_local_irq_save(unsigned long *flags) __ksym;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym;

SEC("tc")
int briefly(struct __sk_buff *skb)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	bpf_local_irq_restore(&flags);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
