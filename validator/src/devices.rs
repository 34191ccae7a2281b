//! Network devices the validator makes for programs that need one, and somebody at their other end.
//!
//! ```text
//! the guest's namespace          │ the peer's namespace
//!   veth0     198.18.0.1/24 ─────┼───── 198.18.0.2/24  veth1
//!   netkit0   198.18.1.1/24 ─────┼───── 198.18.1.2/24  netkit1     kernels from 6.7
//! ```
//! What the peer sends arrives at `veth0` through its driver, where native XDP runs. The networks are those for
//! benchmarks (RFC 2544), which nothing else in a guest uses.

use crate::netlink;
use domain::errno::Errno;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoNetkit, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use std::ffi::c_int;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

/// The end of the veth pair that programs are attached to; its driver runs XDP by itself.
pub(crate) const VETH: &str = "veth0";
/// The primary end of the netkit pair.
pub(crate) const NETKIT: &str = "netkit0";
/// The peer's namespace, by the name `nsenter` takes.
pub(crate) const PEER: &str = "/run/netns/peer";

const OWN_NAMESPACE: &str = "/proc/self/ns/net";
const PREFIX: u8 = 24;

/// What interfaces do by themselves when they come up, switched off: nobody is there to answer.
const QUIET: [(&str, &str); 2] = [
    ("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1"),
    ("/proc/sys/net/ipv6/conf/default/router_solicitations", "0"),
];

/// A pair of devices: the name of each end, and its network's third number.
struct Pair {
    own: &'static str,
    peer: &'static str,
    network: u8,
}

/// Makes the namespace of the peer.
pub(crate) fn peer() -> Result<File, Errno> {
    let own = File::open(OWN_NAMESPACE).map_err(said)?;
    // Where a loader has namespaces of its own, the guest's peer stands there, and is mounted over.
    if !Path::new(PEER).exists() {
        std::fs::create_dir_all("/run/netns").and_then(|()| File::create(PEER)).map_err(said)?;
    }
    unshare(CloneFlags::CLONE_NEWNET).map_err(number)?;
    be_quiet();
    let kept = mount(Some(OWN_NAMESPACE), PEER, None::<&str>, MsFlags::MS_BIND, None::<&str>);
    setns(own, CloneFlags::CLONE_NEWNET).map_err(number)?;
    kept.map_err(number)?;
    File::open(PEER).map_err(said)
}

/// Makes a pair of virtual Ethernet devices; yields the index of the first.
pub(crate) fn veth(peer: &File) -> Result<c_int, Errno> {
    let pair = Pair { own: VETH, peer: "veth1", network: 0 };
    make(&pair, InfoKind::Veth, InfoData::Veth(InfoVeth::Peer(named(pair.peer))), peer)
}

/// Makes a pair of netkit devices; yields the index of the primary one.
pub(crate) fn netkit(peer: &File) -> Result<c_int, Errno> {
    let pair = Pair { own: NETKIT, peer: "netkit1", network: 1 };
    make(&pair, InfoKind::Netkit, InfoData::Netkit(vec![InfoNetkit::Peer(named(pair.peer))]), peer)
}

fn make(pair: &Pair, kind: InfoKind, data: InfoData, peer: &File) -> Result<c_int, Errno> {
    be_quiet();
    let mut message = named(pair.own);
    message.attributes.push(LinkAttribute::LinkInfo(vec![LinkInfo::Kind(kind), LinkInfo::Data(data)]));
    netlink::create(RouteNetlinkMessage::NewLink(message))?;
    let mut there = LinkMessage::default();
    there.header.index = index(pair.peer)?;
    there.attributes.push(LinkAttribute::NetNsFd(peer.as_raw_fd()));
    netlink::change(RouteNetlinkMessage::SetLink(there))?;
    // The other end first: a veth device does not come up without its peer.
    let own = File::open(OWN_NAMESPACE).map_err(said)?;
    setns(peer.as_fd(), CloneFlags::CLONE_NEWNET).map_err(number)?;
    let up = bring_up(pair.peer, Ipv4Addr::new(198, 18, pair.network, 2));
    setns(own, CloneFlags::CLONE_NEWNET).map_err(number)?;
    up?;
    bring_up(pair.own, Ipv4Addr::new(198, 18, pair.network, 1))
}

/// Gives a device an address and sets it up; yields its index.
fn bring_up(name: &str, address: Ipv4Addr) -> Result<c_int, Errno> {
    let index = index(name)?;
    let mut given = AddressMessage::default();
    given.header.family = AddressFamily::Inet;
    given.header.prefix_len = PREFIX;
    given.header.index = index;
    given.attributes =
        vec![AddressAttribute::Local(IpAddr::V4(address)), AddressAttribute::Address(IpAddr::V4(address))];
    netlink::create(RouteNetlinkMessage::NewAddress(given))?;
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = LinkFlags::Up;
    message.header.change_mask = LinkFlags::Up;
    netlink::change(RouteNetlinkMessage::SetLink(message))?;
    c_int::try_from(index).map_err(|_| Errno::EINVAL)
}

fn be_quiet() {
    for (path, value) in QUIET {
        // A kernel without IPv6 has nothing to switch off.
        std::fs::write(path, value).ok();
    }
}

/// A device that only has a name yet.
fn named(name: &str) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.attributes.push(LinkAttribute::IfName(name.to_owned()));
    message
}

fn index(name: &str) -> Result<u32, Errno> {
    nix::net::if_::if_nametoindex(name).map_err(number)
}

fn number(errno: nix::Error) -> Errno {
    Errno(errno as i32)
}

fn said(error: std::io::Error) -> Errno {
    Errno(error.raw_os_error().unwrap_or(Errno::EINVAL.0))
}
