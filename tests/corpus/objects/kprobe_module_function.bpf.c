// A function of a module that no distribution builds into its kernel.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
