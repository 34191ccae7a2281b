// Ends for the verifier and for nobody else: 2^46 turns in the next system call.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static long inner(__u64 turn, void *context)
{
	return 0;
}

static long outer(__u64 turn, void *context)
{
	bpf_loop(1 << 23, inner, 0, 0);
	return 0;
}

SEC("raw_tp/sys_enter")
int spin(void *context)
{
	bpf_loop(1 << 23, outer, 0, 0);
	return 0;
}

char gpl[] SEC("license") = "GPL";
