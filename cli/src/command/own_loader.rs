//! `bpfcompat command --bin FILE -- ARGS`

use super::{Context, test};
use crate::args::ready::{self, Reports};
use crate::args::typed;
use crate::exit::{Exit, Failure};

/// Packs, asks, follows, renders. Everything typed is checked before anything is started.
pub(super) async fn run(context: &Context, typed: &typed::Command) -> Result<Exit, Failure> {
    let question = ready::command(typed, &context.settings).map_err(Failure::misuse)?;
    let reports = Reports::check(&typed.reports);
    test::answer(context, &question, &reports.map_err(Failure::misuse)?, false).await
}
