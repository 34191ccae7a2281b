//! What a person types after `bpfcompat-controller`.

use clap::{Parser, Subcommand};
use controller::{Flags, Order};
use std::path::PathBuf;

/// Remembers questions about eBPF objects, gives them to workers, judges and serves the answers.
#[derive(Parser)]
#[command(name = "bpfcompat-controller", version)]
pub(crate) struct Arguments {
    /// Settings in TOML; environment variables BPFCOMPAT_CONTROLLER_* and flags win over it
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) flags: Flags,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Judge stored evidence again by the rules of this version, tell what changed, and end
    Rejudge(Order),
    /// Settings
    #[command(subcommand)]
    Config(settings::Verb),
}
