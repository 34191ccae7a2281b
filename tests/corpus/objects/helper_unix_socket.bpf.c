// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
// A socket as a Unix socket, if it is one, from 5.16 on.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct socket {
	struct sock *sk;
} __attribute__((preserve_access_index));

SEC("fentry/unix_accept")
int on_accept(__u64 *ctx)
{
	struct socket *socket = (void *)ctx[0];

	bpf_skc_to_unix_sock(socket->sk);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
