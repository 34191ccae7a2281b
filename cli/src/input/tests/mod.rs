//! Every form of input, against the real thing: files, a registry of Debian's, images that skopeo wrote.

mod images;
mod layout;
mod local;
mod registry;
mod server;
mod stranger;

use super::{Found, How, Refusal, resolve};
use insight::oci::Platform;
use layout::Layout;
use std::path::PathBuf;

/// An object, and another.
const ACCESS: &[u8] = include_bytes!("../../../../fuzz/seeds/object/access.bpf.o");
const OTHER: &[u8] = include_bytes!("../../../../fuzz/seeds/object/attachmiss.bpf.o");

fn how(credentials: Vec<PathBuf>) -> How {
    How { platform: Platform::linux("x86_64"), credentials }
}

/// The labels of what an input leads to; of what is skipped, with an exclamation mark.
async fn labels(input: &str) -> Result<Vec<String>, Refusal> {
    let label = |found: Found| match found {
        Found::Object(object) => object.label,
        Found::Skipped { place, .. } => format!("!{place}"),
    };
    Ok(resolve(input, &how(Vec::new())).await?.into_iter().map(label).collect())
}

/// What is said of an input that leads nowhere, and whether that is its fault.
async fn refused(input: &str, how: &How) -> (String, bool) {
    let refusal = resolve(input, how).await.expect_err(input);
    (crate::exit::chain(&refusal), !refusal.is_environment())
}

async fn assert_wrong(input: &str, says: &str) {
    let (told, wrong) = refused(input, &how(Vec::new())).await;
    assert!(told.contains(says) && wrong, "{told}");
}

async fn assert_broken(input: &str, says: &str) {
    let (told, wrong) = refused(input, &how(Vec::new())).await;
    assert!(told.contains(says) && !wrong, "{told}");
}
