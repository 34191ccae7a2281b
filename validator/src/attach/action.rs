//! Traffic control actions: made by themselves, as filters refer to them afterwards.

use super::Attempt;
use crate::netlink::{self, number, text};
use crate::sys::libbpf::Program;
use domain::errno::Errno;
use netlink_packet_core::DefaultNla;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::tc::{
    TcAction, TcActionAttribute, TcActionMessage, TcActionMessageAttribute, TcActionOption,
};

/// The only action of its kind in the guest.
const INDEX: u32 = 1;
const KIND: &str = "bpf";
/// Attributes of `linux/tc_act/tc_bpf.h`.
const TCA_ACT_BPF_PARMS: u16 = 2;
const TCA_ACT_BPF_FD: u16 = 5;
const TCA_ACT_BPF_NAME: u16 = 6;

/// An action that goes when it is dropped.
#[derive(Debug)]
struct Action;

impl Drop for Action {
    fn drop(&mut self) {
        let mut action = TcAction::default();
        action.attributes = vec![TcActionAttribute::Kind(KIND.to_owned()), TcActionAttribute::Index(INDEX)];
        // What a failure leaves behind goes with the guest.
        netlink::change(RouteNetlinkMessage::DelTrafficAction(message(action))).ok();
    }
}

pub(super) fn attach(program: Program<'_>) -> Attempt {
    let (hook, how) = ("action bpf", "traffic control action");
    match add(program) {
        Ok(action) => Attempt::attached(hook, how).holding(action),
        Err(errno) => Attempt::failed(hook, how, errno),
    }
}

fn add(program: Program<'_>) -> Result<Action, Errno> {
    // `struct tc_act_bpf`: index, capabilities, action, references, bindings. The program's own answer
    // replaces the action.
    let parameters: Vec<u8> = [INDEX, 0, 0, 0, 0].iter().flat_map(|number| number.to_ne_bytes()).collect();
    let options = [
        DefaultNla::new(TCA_ACT_BPF_PARMS, parameters),
        number(TCA_ACT_BPF_FD, program.descriptor()?),
        text(TCA_ACT_BPF_NAME, "bpfcompat"),
    ];
    let mut action = TcAction::default();
    action.attributes = vec![
        TcActionAttribute::Kind(KIND.to_owned()),
        TcActionAttribute::Options(options.into_iter().map(TcActionOption::Other).collect()),
    ];
    netlink::create(RouteNetlinkMessage::NewTrafficAction(message(action)))?;
    Ok(Action)
}

fn message(action: TcAction) -> TcActionMessage {
    let mut message = TcActionMessage::default();
    message.attributes = vec![TcActionMessageAttribute::Actions(vec![action])];
    message
}
