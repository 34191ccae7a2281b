//! `bpfcompat`: a person's hands.
mod args;
mod exit;
mod render;
mod settings;

fn main() {}
