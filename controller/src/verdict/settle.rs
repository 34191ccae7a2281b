//! Settling cells, and finishing a run with its last one.

use crate::store::channel::{Notice, announce};
use crate::store::{cells, runs};
use domain::id::{CellId, RunId};
use domain::verdict::Verdict;
use sqlx::PgConnection;
use uuid::Uuid;

/// Gives a locked cell its verdict and counts it.
pub(crate) async fn settle(
    tx: &mut PgConnection,
    run: RunId,
    cell: CellId,
    verdict: Uuid,
) -> sqlx::Result<()> {
    cells::settle(&mut *tx, cell, verdict).await?;
    count(tx, run, 1).await
}

/// Counts cells that were settled; the last one finishes the run.
pub(crate) async fn count(tx: &mut PgConnection, run: RunId, settled: i32) -> sqlx::Result<()> {
    if runs::count_settled(&mut *tx, run, settled).await? {
        let verdict = of_run(tx, run).await?;
        runs::finish(&mut *tx, run, verdict).await?;
        return announce(&mut *tx, Notice::Over(run)).await;
    }
    announce(&mut *tx, Notice::Run(run)).await
}

/// The verdict of the run's required cells. One that has none yet cannot be told.
pub(crate) async fn of_run(tx: &mut PgConnection, run: RunId) -> sqlx::Result<Verdict> {
    let required = cells::required_verdicts(tx, run).await?;
    let told = |(verdict, excused): (Option<Verdict>, _)| (verdict.unwrap_or(Verdict::Inconclusive), excused);
    Ok(Verdict::of_run(required.into_iter().map(told)))
}
