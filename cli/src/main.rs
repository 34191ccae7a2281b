//! `bpfcompat`: a person's hands.
mod args;
mod exit;
mod local;
mod render;
mod settings;

fn main() {}
