//! Evidence comes in and becomes a verdict.

use super::confirm;
use super::give_back::{conclude, give_back};
use super::read::{self, Read};
use crate::parts::Parts;
use crate::store::blob::{BlobError, Kind};
use crate::store::evidence::Recorded;
use crate::store::leases::{Asked, Lease};
use crate::store::verdicts::Witness;
use crate::store::{cells, evidence, kernels, leases};
use bytes::Bytes;
use domain::cell::FailureKind;
use domain::change;
use domain::question::Question;
use domain::verdict::CellVerdict;
use time::OffsetDateTime;

/// Largest delivery, compressed. The worker cuts logs, so real ones stay under a few megabytes.
pub(crate) const DELIVERY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Why a delivery was refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    /// Too late, or never held.
    #[error("the lease on cell {} is lost; its evidence is not wanted any more", .0.cell)]
    LeaseLost(Lease),
    /// More bytes than evidence has.
    #[error("a delivery has at most {DELIVERY_BYTES_MAX} bytes")]
    TooLarge,
    /// Not evidence, or not about what was asked.
    #[error("the evidence cannot be used: {0}")]
    Unusable(String),
    /// The object store failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The database failed.
    #[error("cannot record the evidence")]
    Database(#[from] sqlx::Error),
}

/// What the delivered bytes mean.
struct Judged {
    recorded: Recorded,
    witness: Witness,
    answer: CellVerdict,
}

/// Records the evidence and settles the cell, or queues it again when another guest may tell more.
/// Unusable evidence counts as a crash of whatever sent it.
pub(crate) async fn receive(parts: &Parts, lease: Lease, delivery: Bytes) -> Result<(), ReceiveError> {
    let mut asked = leases::asked(&parts.db, lease).await?.ok_or(ReceiveError::LeaseLost(lease))?;
    let contract = kernels::terms(&parts.db, asked.contract, &asked.kernel_id).await?;
    asked.contract = change::terms(&asked.changes, contract);
    let compressed = delivery.clone();
    // Inflating and judging are computation: they must not hold up other connections.
    let judging = tokio::task::spawn_blocking(move || judge(&compressed, &asked));
    let judged = match judging.await {
        Ok(Ok(judged)) => judged,
        Ok(Err(says)) => return unusable(parts, lease, says).await,
        Err(panicked) => return unusable(parts, lease, format!("judging it failed: {panicked}")).await,
    };
    parts.blobs.put(Kind::Evidence, judged.recorded.digest, delivery).await?;
    record(parts, lease, judged).await
}

async fn unusable(parts: &Parts, lease: Lease, says: String) -> Result<(), ReceiveError> {
    tracing::warn!(cell.id = %lease.cell, %says, "a worker delivered unusable evidence");
    give_back(parts, lease, FailureKind::Crashed, &format!("its worker delivered unusable evidence: {says}"))
        .await?;
    Err(ReceiveError::Unusable(says))
}

fn judge(compressed: &[u8], asked: &Asked) -> Result<Judged, String> {
    let Read { evidence, digest, bytes } = read::evidence(compressed)?;
    if let Some(mismatch) = confirm::mismatch(&evidence, asked) {
        return Err(mismatch);
    }
    let today = OffsetDateTime::now_utc().date();
    let question = Question {
        object: asked.object,
        kernel: asked.kernel,
        validator: asked.validator,
        rules: insight::judge::rules(),
        contract: asked.contract.digest(today),
        level: asked.level,
        loader: asked.loader.clone(),
        loader_program: asked.loader_program,
        axes: asked.axes.clone(),
    };
    let answer = insight::judge::judge(&evidence, asked.level, today);
    Ok(Judged {
        recorded: Recorded { digest, bytes, stored_bytes: read::length(compressed) },
        witness: Witness {
            question: question.digest(),
            rules: question.rules,
            evidence: digest,
            guest: evidence.guest,
            kernel: evidence.kernel,
        },
        answer,
    })
}

async fn record(parts: &Parts, lease: Lease, judged: Judged) -> Result<(), ReceiveError> {
    let mut tx = parts.db.begin().await?;
    let cell = cells::lock(&mut *tx, lease.cell).await?.ok_or(ReceiveError::LeaseLost(lease))?;
    if !leases::end(&mut *tx, lease).await? {
        return Err(ReceiveError::LeaseLost(lease));
    }
    evidence::insert(&mut *tx, lease, judged.recorded).await?;
    let Judged { answer, witness, .. } = judged;
    conclude(&mut tx, cell, lease, answer, Some(&witness)).await?;
    tx.commit().await?;
    Ok(())
}
