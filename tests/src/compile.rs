//! Objects that belong to one test, compiled when it runs.

use crate::system::repository;
use anyhow::{Context as _, ensure};
use std::process::Command;

/// The object of a source below `tests/tests`, with its file name.
///
/// # Errors
/// There is no clang, or it does not compile it.
pub fn compiled(source: &str, define: &str) -> anyhow::Result<(String, Vec<u8>)> {
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("object");
    let status = Command::new("clang")
        .args(["-O2", "-g", "-Wall", "-Werror", "-target", "bpf", "-mcpu=v3", "-idirafter"])
        .arg(format!("/usr/include/{}-linux-gnu", std::env::consts::ARCH))
        .arg(format!("-D{define}"))
        .arg("-c")
        .arg(repository().join("tests/tests").join(source))
        .arg("-o")
        .arg(&output)
        .status()
        .context("clang is not installed")?;
    ensure!(status.success(), "clang does not compile {source}");
    let name = source.rsplit('/').next().unwrap_or(source).replace(".c", ".o");
    Ok((name, std::fs::read(output)?))
}
