//! Programs of sockets: on a socket of the validator's own, by option or through a socket map.

use super::{Attempt, way_of};
use crate::sys::libbpf::Program;
use crate::sys::{attach, map, socket};
use domain::errno::Errno;
use libbpf_sys as raw;
use nix::sys::socket::{self as net, AddressFamily, SockFlag, SockType, SockaddrIn, sockopt};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// What a program does for a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Filters what it receives.
    Filter,
    /// Chooses among those that share a port.
    Choose,
}

/// What a program does in a socket map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MapRole {
    /// Finds where a message of a stream ends.
    Parser,
    /// Decides about what sockets received, without a parser (kernels from 5.13).
    Verdict,
    /// The same, for streams; what every kernel has.
    StreamVerdict,
    /// Decides about what sockets send.
    Message,
}

pub(super) fn attach(program: Program<'_>, role: Role) -> Attempt {
    let hook = "UDP socket";
    let how = match role {
        Role::Filter => "SO_ATTACH_BPF",
        Role::Choose => "SO_ATTACH_REUSEPORT_EBPF",
    };
    let socket = match bound(role) {
        Ok(socket) => socket,
        Err(errno) => return Attempt::skipped(hook, &format!("the guest gave no socket: {errno}")),
    };
    let result = match role {
        Role::Filter => socket::filter(socket.as_fd(), program),
        Role::Choose => socket::choose(socket.as_fd(), program),
    };
    match result {
        Ok(()) => Attempt::attached(hook, how).holding(socket),
        Err(errno) => Attempt::failed(hook, how, errno),
    }
}

/// A UDP socket on some port, which it shares if the program is to choose: the kernel wants to know that
/// before the port is taken.
fn bound(role: Role) -> Result<OwnedFd, Errno> {
    let said = |errno: nix::Error| Errno(errno as i32);
    let made =
        net::socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None).map_err(said)?;
    if role == Role::Choose {
        net::setsockopt(&made, sockopt::ReusePort, &true).map_err(said)?;
    }
    net::bind(made.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).map_err(said)?;
    Ok(made)
}

/// Attaches to a socket map of the validator's own: by link where the kernel has such links.
pub(super) fn attach_to_map(program: Program<'_>, role: MapRole) -> Attempt {
    let hook = "socket map";
    let map = match map::create(raw::BPF_MAP_TYPE_SOCKMAP, 4) {
        Ok(map) => map,
        Err(errno) => return Attempt::skipped(hook, &format!("the kernel made no socket map: {errno}")),
    };
    if let Ok(link) = attach::sockmap(program, map.as_fd()) {
        return Attempt::attached(hook, &way_of(&link)).holding((link, map));
    }
    let how = "map attachment";
    match map::attach(program, map, attach_type(role)) {
        Ok(attached) => Attempt::attached(hook, how).holding(attached),
        Err(errno) => Attempt::failed(hook, how, errno),
    }
}

fn attach_type(role: MapRole) -> raw::bpf_attach_type {
    match role {
        MapRole::Parser => raw::BPF_SK_SKB_STREAM_PARSER,
        MapRole::Verdict => raw::BPF_SK_SKB_VERDICT,
        MapRole::StreamVerdict => raw::BPF_SK_SKB_STREAM_VERDICT,
        MapRole::Message => raw::BPF_SK_MSG_VERDICT,
    }
}
