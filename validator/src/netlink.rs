//! Requests to the kernel's routing socket, each answered by an acknowledgement.

use domain::errno::Errno;
use netlink_packet_core::{
    DefaultNla, Emitable, NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::{Socket, protocols::NETLINK_ROUTE};

/// Asks for something to be made that does not exist yet.
pub(crate) fn create(message: impl Into<RouteNetlinkMessage>) -> Result<(), Errno> {
    ask(message.into(), NLM_F_CREATE | NLM_F_EXCL)
}

/// Asks for something that exists to be changed or removed.
pub(crate) fn change(message: impl Into<RouteNetlinkMessage>) -> Result<(), Errno> {
    ask(message.into(), 0)
}

fn ask(message: RouteNetlinkMessage, flags: u16) -> Result<(), Errno> {
    let mut message = NetlinkMessage::from(message);
    message.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    let said = |error: std::io::Error| Errno(error.raw_os_error().unwrap_or(Errno::EINVAL.0));
    let socket = Socket::new(NETLINK_ROUTE).map_err(said)?;
    socket.send(&bytes, 0).map_err(said)?;
    let (answer, _) = socket.recv_from_full().map_err(said)?;
    match NetlinkMessage::<RouteNetlinkMessage>::deserialize(&answer).map(|answer| answer.payload) {
        Ok(NetlinkPayload::Error(error)) => error.code.map_or(Ok(()), |code| Err(Errno(-code.get()))),
        _ => Err(Errno::EINVAL),
    }
}

/// An attribute that holds attributes.
pub(crate) fn nested(kind: u16, inside: &[DefaultNla]) -> DefaultNla {
    let mut bytes = vec![0; inside.buffer_len()];
    inside.emit(&mut bytes);
    DefaultNla::new(kind, bytes)
}

/// An attribute that holds a NUL-terminated text.
pub(crate) fn text(kind: u16, text: &str) -> DefaultNla {
    DefaultNla::new(kind, [text.as_bytes(), &[0]].concat())
}

/// An attribute that holds a number.
pub(crate) fn number(kind: u16, number: u32) -> DefaultNla {
    DefaultNla::new(kind, number.to_ne_bytes().to_vec())
}
