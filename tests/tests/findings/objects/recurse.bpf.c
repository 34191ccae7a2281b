// Traces a function that its own helper calls. Kernels before 5.12 do not keep a tracing program
// from calling itself, so the stack overflows.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("fentry/__check_object_size")
int again(void *context)
{
	long word;

	bpf_probe_read_user(&word, sizeof(word), (void *)4096);
	return 0;
}

char gpl[] SEC("license") = "GPL";
