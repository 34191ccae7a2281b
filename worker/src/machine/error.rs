//! What can go wrong around a guest. Nothing here says anything about the object.

use domain::frame::FrameError;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why there is no evidence. Everything that happened once a guest ran is evidence instead.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// The pipes or memory files between worker and guest could not be made.
    #[error("cannot make the guest's channel; is the limit of open files or memory reached?")]
    MakeChannel(#[source] io::Error),
    /// The control group of the machine could not be made.
    #[error("cannot make a control group for the machine; was the worker's own taken away?")]
    MakeControlGroup(#[source] io::Error),
    /// A kernel or an initramfs is not there.
    #[error("cannot find {path} to boot from; was it removed from the data folder?")]
    FindBootFile {
        /// What was to be booted.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A message does not fit the channel.
    #[error("cannot put {what} into a frame")]
    Encode {
        /// The message.
        what: String,
        /// What is wrong with it.
        #[source]
        source: FrameError,
    },
    /// The process could not be started.
    #[error("cannot start {program}; install the package qemu-system-x86 or correct its path")]
    StartQemu {
        /// What was to be started.
        program: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The process ended by itself before there was a guest.
    #[error("QEMU gave up before the guest said a word ({status}): {says}")]
    QemuGaveUp {
        /// How it ended.
        status: ExitStatus,
        /// What it wrote to standard error.
        says: String,
    },
    /// The driver task ended abnormally.
    #[error("the task driving the machine was lost")]
    LostDriver(#[source] tokio::task::JoinError),
    /// Somebody asked for it.
    #[error("the machine was cancelled")]
    Cancelled,
}
