//! What a person types after `bpfcompat-worker`.

use clap::{Parser, Subcommand};
use domain::selector::Selector;
use std::path::PathBuf;
use worker::config::Flags;

/// Runs eBPF compatibility cells in QEMU guests for a controller.
#[derive(Parser)]
#[command(name = "bpfcompat-worker", version)]
pub(crate) struct Arguments {
    /// Settings in TOML; environment variables BPFCOMPAT_WORKER_* and flags win over it
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) flags: Flags,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do instead of serving a controller.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make templates of kernels ahead of their first cell, and end
    Warm {
        /// Which kernels, as for `bpfcompat test`
        #[arg(long, value_name = "SELECTOR", default_value = "lts,newest")]
        kernels: Selector,
    },
    /// Settings
    #[command(subcommand)]
    Config(settings::Verb),
}
