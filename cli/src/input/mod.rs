//! What can be named as an object: a file, a folder, a pattern, stdin, an image, an address with a digest.
//!
//! In: one word of a command line or of a file. Out: the objects it leads to, each inspected, and what was passed
//! over and why; or a [`Refusal`], which says whose turn it is. `docs/INPUTS.md` lists the forms.
//!
//! Everything that comes is hostile: it is bounded before memory is taken for it, checked against the digest that
//! leads to it, and never written to a path that it names. What an image means is `insight::oci`'s to say; here it
//! is fetched.

mod authority;
mod credentials;
mod folder;
mod form;
mod image;
mod kept;
mod local;
mod refusal;
mod registry;
mod stdin;
mod web;

pub(crate) use refusal::Refusal;

use crate::args::object::ObjectFile;
use form::Form;
use insight::oci::Platform;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

/// How long one input may take to fetch. The largest image that is accepted comes in it at 10 Mbit/s.
const FETCH_MAX: Duration = Duration::from_secs(300);

/// How inputs are read.
#[derive(Debug)]
pub(crate) struct How {
    /// Which image of several is meant.
    pub(crate) platform: Platform,
    /// Files with credentials for registries, the nearest first.
    pub(crate) credentials: Vec<PathBuf>,
}

impl How {
    /// With the credentials of this process's user.
    pub(crate) fn new(platform: Option<Platform>) -> Self {
        let platform = platform.unwrap_or_else(|| Platform::linux(std::env::consts::ARCH));
        Self { platform, credentials: credentials::files() }
    }
}

/// What an input leads to.
#[derive(Debug)]
pub(crate) enum Found {
    /// An object.
    Object(ObjectFile),
    /// Something beside the objects that is none.
    Skipped {
        /// What it is called.
        place: String,
        /// Why it is none.
        why: String,
    },
}

/// Everything that one input leads to, at least one object among it.
///
/// # Errors
/// `Refusal`; nothing was kept.
pub(crate) async fn resolve(text: impl AsRef<OsStr>, how: &How) -> Result<Vec<Found>, Refusal> {
    let form = Form::of(text.as_ref())?;
    let text = text.as_ref().to_string_lossy();
    let shown = if text.contains("://") { form::without_secrets(&text) } else { text.into_owned() };
    let found = tokio::time::timeout(FETCH_MAX, of_form(form, how));
    found.await.map_err(|_| Refusal::late(&shown, FETCH_MAX))?
}

async fn of_form(form: Form, how: &How) -> Result<Vec<Found>, Refusal> {
    match form {
        Form::Stdin => stdin::read().await,
        Form::File(path) => local::file(&path),
        Form::Folder(path) => apart(move || folder::objects(&path)).await,
        Form::Pattern(pattern) => apart(move || local::pattern(&pattern)).await,
        Form::Web(address) => web::object(&address).await,
        Form::Registry(reference) => registry::objects(&reference, how).await,
        Form::Layout { path, tag, text } => kept::layout(path, tag, text, how).await,
        Form::Archive { path, tag, text } => kept::archive(path, tag, text, how).await,
    }
}

/// Work that would hold up everything else, on a thread of its own.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| {
        Refusal::broken("this machine", "the reader of inputs broke down: ask again", error)
    })?
}

#[cfg(test)]
mod tests;
