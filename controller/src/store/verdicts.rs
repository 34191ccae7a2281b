//! The table `verdicts`: what evidence means.

use super::{digest, digests, storable};
use domain::digest::Digest;
use domain::evidence::{Guest, KernelFacts};
use domain::verdict::CellVerdict;
use sqlx::PgExecutor;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

/// The guest that answered, and where its evidence is.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    pub(crate) question: Digest,
    /// The rules its evidence was judged by.
    pub(crate) rules: Digest,
    pub(crate) evidence: Digest,
    pub(crate) guest: Guest,
    pub(crate) kernel: Option<KernelFacts>,
}

/// A verdict as stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredVerdict {
    pub(crate) answer: CellVerdict,
    /// Absent when no guest answered.
    pub(crate) guest: Option<Guest>,
    pub(crate) kernel: Option<KernelFacts>,
    pub(crate) evidence: Option<Digest>,
}

/// Stores a verdict and returns its id.
pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    answer: &CellVerdict,
    witness: Option<&Witness>,
) -> sqlx::Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO verdicts (id, question, verdict, answer, guest, kernel_facts, evidence, rules)
         VALUES ($1, $2, $3::text::verdict, $4, $5, $6, $7, $8)",
        id,
        witness.map(|witness| witness.question.0.to_vec()),
        answer.verdict.name(),
        storable(answer) as _,
        witness.map(|witness| storable(&witness.guest)) as _,
        witness.and_then(|witness| witness.kernel.as_ref()).map(storable) as _,
        witness.map(|witness| witness.evidence.0.to_vec()),
        witness.map(|witness| witness.rules.0.to_vec()),
    )
    .execute(db)
    .await?;
    Ok(id)
}

/// Whether two answers are the same once they are stored.
pub(crate) fn are_stored_alike(one: &CellVerdict, other: &CellVerdict) -> bool {
    storable(one).0 == storable(other).0
}

/// The newest conclusive verdict of each question that has one; of the same evidence, what was judged last.
pub(crate) async fn conclusive(
    db: impl PgExecutor<'_>,
    questions: &[Digest],
) -> sqlx::Result<HashMap<Digest, Uuid>> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (question) question AS "question!", id FROM verdicts
           WHERE question = ANY($1) AND verdict <> 'inconclusive' ORDER BY question, recorded_at DESC, id DESC"#,
        &digests(questions),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|row| Ok((digest(&row.question)?, row.id))).collect()
}

/// Verdicts by id.
pub(crate) async fn by_id(
    db: impl PgExecutor<'_>,
    ids: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, StoredVerdict>> {
    let rows = sqlx::query!(
        r#"SELECT id, answer AS "answer: Json<CellVerdict>", guest AS "guest: Json<Guest>",
                  kernel_facts AS "kernel_facts: Json<KernelFacts>", evidence
           FROM verdicts WHERE id = ANY($1)"#,
        ids,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let verdict = StoredVerdict {
                answer: row.answer.0,
                guest: row.guest.map(|guest| guest.0),
                kernel: row.kernel_facts.map(|facts| facts.0),
                evidence: row.evidence.as_deref().map(digest).transpose()?,
            };
            Ok((row.id, verdict))
        })
        .collect()
}
