//! `bpfcompat command --bin FILE -- ARGS`

use super::{Context, test};
use crate::args::ready::{self, Reports};
use crate::args::typed;
use crate::exit::{Exit, Failure};

/// Packs, asks, follows, renders. Everything typed is checked before anything is started.
pub(super) async fn run(context: &Context, typed: &typed::Command) -> Result<Exit, Failure> {
    let question = context.unless_stopped(ready::command(typed, &context.settings)).await?;
    let reports = Reports::check(&typed.reports);
    test::answer(context, &question, &reports.map_err(Failure::misuse)?, false).await
}
