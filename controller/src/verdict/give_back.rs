//! A try that ended without an answer.

use super::settle::settle;
use crate::parts::Parts;
use crate::plan::trial;
use crate::store::cells::{self, LockedCell};
use crate::store::channel::{Notice, announce};
use crate::store::leases::{self, Lease};
use crate::store::runs;
use crate::store::verdicts::{self, Witness};
use domain::cause::{Cause, CauseCode, Confidence, Stage};
use domain::cell::FailureKind;
use domain::id::{RunId, WorkerId};
use domain::verdict::{CellVerdict, Verdict};
use insight::tries::{self, Next};
use sqlx::PgConnection;

/// Times a cell may come back untried. Transient failures are retried for free, but a mirror
/// that is down for a day must end in an answer and not in a loop.
pub(crate) const GIVE_BACKS_MAX: i16 = 20;

/// Ends the lease without an answer. A lease that is lost already is left alone.
pub(crate) async fn give_back(
    parts: &Parts,
    lease: Lease,
    kind: FailureKind,
    says: &str,
) -> sqlx::Result<()> {
    let mut tx = parts.db.begin().await?;
    let Some(cell) = cells::lock(&mut *tx, lease.cell).await? else { return Ok(()) };
    if !leases::end(&mut *tx, lease).await? {
        return Ok(());
    }
    match kind {
        FailureKind::Transient if cell.give_backs < GIVE_BACKS_MAX => {
            cells::requeue_transient(&mut *tx, lease.cell, parts.timing.give_back).await?;
            requeued(&mut tx, &cell).await?;
        }
        FailureKind::Transient => {
            let answer = tries::given_up(unanswered(says), &cell.ended);
            let verdict = verdicts::insert(&mut *tx, &answer, None).await?;
            settle(&mut tx, RunId(cell.run_id), lease.cell, verdict).await?;
        }
        FailureKind::Crashed => conclude(&mut tx, cell, lease, unanswered(says), None).await?,
    }
    tx.commit().await
}

/// Gives back every lease of a worker.
pub(crate) async fn all(parts: &Parts, worker: WorkerId, kind: FailureKind, says: &str) -> sqlx::Result<()> {
    for lease in leases::of_worker(&parts.db, worker).await? {
        give_back(parts, lease, kind, says).await?;
    }
    Ok(())
}

/// Settles a locked cell whose try gave `answer`, or queues it again.
pub(super) async fn conclude(
    tx: &mut PgConnection,
    cell: LockedCell,
    lease: Lease,
    answer: CellVerdict,
    witness: Option<&Witness>,
) -> sqlx::Result<()> {
    match tries::next(answer, cell.memory_bytes.unsigned_abs(), &cell.ended) {
        Next::Again { ended, memory_bytes } => {
            cells::requeue_tried(&mut *tx, lease.cell, &ended, memory_bytes).await?;
            requeued(tx, &cell).await
        }
        Next::Settle(answer) => {
            let run = RunId(cell.run_id);
            let verdict = verdicts::insert(&mut *tx, &answer, witness).await?;
            if cell.may_be_helped
                && let Some(trial) = trial::of(&cell.asked(lease.cell)?, &answer)
                && runs::grow(&mut *tx, run).await?
            {
                cells::insert(&mut *tx, run, &[trial]).await?;
                announce(&mut *tx, Notice::Queue).await?;
            }
            settle(tx, run, lease.cell, verdict).await
        }
    }
}

async fn requeued(tx: &mut PgConnection, cell: &LockedCell) -> sqlx::Result<()> {
    announce(&mut *tx, Notice::Queue).await?;
    announce(tx, Notice::Run(RunId(cell.run_id))).await
}

/// What a try without a guest's answer means: nothing was learnt about the object.
fn unanswered(says: &str) -> CellVerdict {
    let cause = Cause {
        code: CauseCode::Infrastructure,
        stage: Stage::Guest,
        subject: String::new(),
        errno: None,
        confidence: Confidence::Certain,
        says: says.to_owned(),
        log_line: String::new(),
        location: None,
        why: String::new(),
        path: Vec::new(),
        since: None,
        remedy: None,
    };
    CellVerdict::without_parts(Verdict::Inconclusive, Some(cause))
}
