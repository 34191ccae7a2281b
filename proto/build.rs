//! Compiles the `.proto` files with a compiler written in Rust, so building needs no `protoc`.

use prost::Message as _;
use std::{env, error::Error, fs, path::PathBuf};

const FILES: &[&str] = &[
    "bpfcompat/v1/fleet.proto",
    "bpfcompat/v1/kernel.proto",
    "bpfcompat/v1/run.proto",
    "bpfcompat/v1/verdict.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=bpfcompat");
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
