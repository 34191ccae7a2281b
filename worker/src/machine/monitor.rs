//! QEMU's monitor: JSON lines over a socket (docs/interop/qmp-spec of QEMU).
//!
//! Only the QEMU of a template is listened to. That of any other guest gets its commands in one
//! piece: a clone either wakes up and says `Took` or does not, and what an interrupt does shows on
//! the console.

use super::spec::STATE_FD;
use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg};
use serde_json::{Value, json};
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// Bytes of one line. The longest one read here, the greeting, has two hundred.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// How long one answer or event may take. Writing the state of a frozen guest takes a fraction
/// of a second.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Why a template was not frozen.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The connection is of no more use.
    #[error("QEMU's monitor cannot be used")]
    Io(#[from] io::Error),
    /// The monitor went silent.
    #[error("QEMU's monitor said nothing for {ANSWER_MAX:?}")]
    Silent,
    /// What came is not JSON.
    #[error("QEMU's monitor said `{0}`, which is not an answer")]
    NotAnAnswer(String),
    /// The command failed.
    #[error("QEMU refused `{command}`: {says}")]
    Refused {
        /// The command.
        command: &'static str,
        /// QEMU's description.
        says: String,
    },
    /// Writing the state failed.
    #[error("QEMU could not write the state of the frozen guest")]
    NotWritten,
}

/// What a clone is told at once, before it runs: leave the memory where it is, read the state.
pub(super) fn wake_up() -> String {
    let commands = [
        json!({"execute": "qmp_capabilities"}),
        json!({"execute": "migrate-set-capabilities", "arguments": capabilities(&["x-ignore-shared"])}),
        json!({"execute": "migrate-incoming", "arguments": {"uri": format!("fd:{STATE_FD}")}}),
    ];
    commands.iter().map(|command| format!("{command}\n")).collect()
}

/// What makes the first processor of a guest leave whatever it does, interrupts off or not. A clone
/// was told the first of these when it woke up, and refuses it now, which does no harm.
pub(super) fn interrupt() -> String {
    ["qmp_capabilities", "inject-nmi"].map(|name| format!("{}\n", json!({"execute": name}))).concat()
}

fn capabilities(names: &[&str]) -> Value {
    let all: Vec<Value> = names.iter().map(|name| json!({"capability": name, "state": true})).collect();
    json!({ "capabilities": all })
}

/// A conversation with one QEMU.
#[derive(Debug)]
pub(super) struct Monitor {
    socket: BufReader<UnixStream>,
}

impl Monitor {
    /// Takes over the connection.
    pub(super) fn new(socket: UnixStream) -> Self {
        Self { socket: BufReader::new(socket) }
    }

    /// Stops the guest, writes everything about it but its memory to `state`, and ends QEMU.
    pub(super) async fn freeze(&mut self, state: OwnedFd) -> Result<(), MonitorError> {
        self.execute("qmp_capabilities", json!({})).await?;
        self.execute("migrate-set-capabilities", capabilities(&["x-ignore-shared", "events"])).await?;
        // The guest keeps running until the end, so that a clone runs by itself. Without a limit
        // on the rate there is nothing to wait for.
        let rate = json!({"max-bandwidth": i64::MAX});
        self.execute("migrate-set-parameters", rate).await?;
        self.hand_over(state)?;
        self.execute("getfd", json!({"fdname": "state"})).await?;
        self.execute("migrate", json!({"uri": "fd:state"})).await?;
        loop {
            let said = self.next().await?;
            match said.pointer("/data/status").and_then(Value::as_str) {
                Some("completed") => return self.execute("quit", json!({})).await,
                Some("failed" | "cancelled") => return Err(MonitorError::NotWritten),
                _ => {}
            }
        }
    }

    /// Sends a descriptor, which QEMU keeps for the next `getfd`. It rides on a line break, which
    /// is no command.
    fn hand_over(&self, file: OwnedFd) -> Result<(), MonitorError> {
        let files = [file.as_raw_fd()];
        let rights = [ControlMessage::ScmRights(&files)];
        let line = [IoSlice::new(b"\n")];
        let socket = self.socket.get_ref().as_raw_fd();
        sendmsg::<UnixAddr>(socket, &line, &rights, MsgFlags::empty(), None).map_err(io::Error::from)?;
        Ok(())
    }

    async fn execute(&mut self, command: &'static str, arguments: Value) -> Result<(), MonitorError> {
        let line = format!("{}\n", json!({"execute": command, "arguments": arguments}));
        self.socket.write_all(line.as_bytes()).await?;
        loop {
            let said = self.next().await?;
            if said.get("return").is_some() {
                return Ok(());
            }
            if let Some(error) = said.get("error") {
                let says = error.get("desc").and_then(Value::as_str).unwrap_or("no reason given").to_owned();
                return Err(MonitorError::Refused { command, says });
            }
        }
    }

    async fn next(&mut self) -> Result<Value, MonitorError> {
        let mut line = String::new();
        let mut bounded = (&mut self.socket).take(LINE_BYTES_MAX);
        let read = timeout(ANSWER_MAX, bounded.read_line(&mut line)).await;
        if read.map_err(|_| MonitorError::Silent)?? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        serde_json::from_str(&line).map_err(|_| MonitorError::NotAnAnswer(line.trim_end().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_is_told_three_things_in_order() {
        let told: Vec<Value> =
            wake_up().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let names: Vec<&str> = told.iter().filter_map(|command| command["execute"].as_str()).collect();
        assert_eq!(names, ["qmp_capabilities", "migrate-set-capabilities", "migrate-incoming"]);
    }
}
