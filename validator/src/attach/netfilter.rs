//! Packet filter programs, on a hook of IPv4.

use super::Attempt;
use crate::sys::attach;
use crate::sys::libbpf::Program;

/// `NFPROTO_IPV4` and `NF_INET_LOCAL_IN` of `linux/netfilter.h`.
const IPV4: u32 = 2;
const LOCAL_IN: u32 = 1;
/// Neither the first nor the last, which the kernel keeps for itself.
const PRIORITY: i32 = 100;

pub(super) fn attach(program: Program<'_>) -> Attempt {
    Attempt::of("ipv4 local_in", "netfilter link", attach::netfilter(program, IPV4, LOCAL_IN, PRIORITY))
}
