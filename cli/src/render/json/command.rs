//! Commands in the report.

use super::check::Command;
use proto::wire;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Outcome<'a> {
    #[serde(flatten)]
    run: Option<Command<'a>>,
    /// What the kernel was seen to hold that was not there before; null where it could not be listed.
    loaded: Option<Vec<Found<'a>>>,
    /// What of it was still there when all it started was dead; null as above.
    left: Option<Vec<Found<'a>>>,
}

#[derive(Serialize)]
struct Found<'a> {
    what: &'a str,
    name: &'a str,
    r#type: &'a str,
}

impl<'a> Outcome<'a> {
    pub(super) fn of(command: &'a wire::CommandOutcome) -> Self {
        let found = |all: &'a [wire::Found]| {
            let found = all.iter().map(|one| Found { what: &one.what, name: &one.name, r#type: &one.kind });
            (!command.unlisted).then(|| found.collect())
        };
        Self {
            run: command.run.as_ref().map(Command::of),
            loaded: found(&command.loaded),
            left: found(&command.left),
        }
    }
}
