//! One object on stdin.

use super::{Found, Refusal, apart};
use crate::args::object::ObjectFile;
use domain::OBJECT_BYTES_MAX;
use std::io::{IsTerminal as _, Read as _, stdin};

/// What the object is called.
const NAME: &str = "stdin";

pub(super) async fn read() -> Result<Vec<Found>, Refusal> {
    if stdin().is_terminal() {
        return Err(Refusal::wrong("-", "stdin is a terminal: pipe an object into it"));
    }
    // Whoever pipes may take their time.
    let bytes = apart(|| {
        let mut bytes = Vec::new();
        // One byte more than is accepted, so that what is too large is refused and not cut.
        let read = stdin().lock().take(OBJECT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| Refusal::broken("-", "stdin cannot be read", error))?;
        Ok(bytes)
    });
    let object = ObjectFile::new(NAME, NAME.to_owned(), bytes.await?, None);
    Ok(vec![Found::Object(object.map_err(|error| Refusal::wrong("-", error))?)])
}
