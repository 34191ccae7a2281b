//! The guest's shell and tools: the applets of the busybox in its initramfs.

use crate::devices::PEER;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const BUSYBOX: &str = "/bin/busybox";
/// Runs a command at the other end of the guest's devices.
const AT_PEER: &str = "/bin/peer";

/// Makes every applet a command of its own, the first time; says what is missing.
pub(crate) fn install() -> Result<(), String> {
    if Path::new(AT_PEER).exists() {
        return Ok(());
    }
    let failed =
        |error: io::Error| format!("the guest has no shell: {BUSYBOX} could not be installed: {error}");
    let status = Command::new(BUSYBOX).args(["--install", "-s", "/bin"]).status().map_err(failed)?;
    if !status.success() {
        return Err(format!("the guest has no shell: {BUSYBOX} --install ended with {status}"));
    }
    std::fs::write(AT_PEER, format!("#!/bin/sh\nexec nsenter --net={PEER} \"$@\"\n")).map_err(failed)?;
    std::fs::set_permissions(AT_PEER, PermissionsExt::from_mode(0o755)).map_err(failed)
}
