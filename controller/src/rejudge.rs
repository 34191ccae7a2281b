//! Stored evidence judged again by the rules of today.
//!
//! ```text
//! settled cells of other rules ─► evidence of their tries ─► insight::judge, insight::tries ─► told ─► stored
//! ```
//!
//! Each is judged as of the day its evidence was recorded, so that nothing changes but by the rules. Evidence and old
//! verdicts stay as they are; cells are pointed to new verdicts, and runs that are over are counted again, one
//! verdict a transaction. In memory is the evidence of one try.
//!
//! Deliberately absent: asking a guest again. A cell that today's rules would try once more is inconclusive.

use crate::config::Config;
use crate::store::blob::{Blobs, Kind};
use crate::store::channel::{Notice, announce};
use crate::store::is_current;
use crate::store::judged::{self, Judged};
use crate::store::verdicts::{self, Witness};
use crate::store::{evidence, runs};
use crate::verdict::read::{self, Read};
use crate::verdict::settle::of_run;
use crate::{StartError, open};
use bytes::Bytes;
use domain::axis::Loader;
use domain::cause::CauseCode;
use domain::digest::Digest;
use domain::id::{CellId, RunId};
use domain::level::Level;
use domain::question::Question;
use domain::verdict::CellVerdict;
use insight::agreement::difference;
use insight::text::printable;
use sqlx::PgPool;
use std::io::{self, Write};
use std::path::PathBuf;
use time::macros::format_description;
use time::{Date, UtcOffset};
use uuid::Uuid;

/// Cells that are looked up at a time: rows of them are small, and their evidence is read one by one.
const BATCH: i64 = 64;

/// What is to be judged again.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Order {
    /// Only verdicts that were stored on this day or later, such as 2027-01-31 (UTC)
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub since: Option<Date>,
    /// Store what changed; without it nothing is stored
    #[arg(long)]
    pub apply: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rejudged {
    /// Verdicts of other rules that were looked at.
    pub seen: usize,
    /// Those that are another one, or have another cause, today.
    pub changed: usize,
    /// Those that say the same in other words.
    pub reworded: usize,
    /// Those whose evidence is not there or cannot be read.
    pub unknown: usize,
}

/// Why judging again ended early. What was stored until then stays.
#[derive(Debug, thiserror::Error)]
pub enum RejudgeError {
    /// The database or the object store cannot be used.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no evidence to judge.
    #[error("{}: there is no such object store; pass the controller's `--store`", .0.display())]
    NoStore(PathBuf),
    /// Its tables are those of another version, and nothing here changes them.
    #[error(
        "the database is of another version: start this version's controller on it first, which brings it up to date"
    )]
    OtherVersion,
    /// The database failed.
    #[error("cannot go on; what was stored until now stays")]
    Database(#[from] sqlx::Error),
    /// Nobody can be told.
    #[error("cannot write what changed")]
    Tell(#[from] io::Error),
}

/// A verdict of today.
struct New {
    answer: CellVerdict,
    witness: Witness,
}

/// Judges again what other rules judged, and tells what changed, a line each.
///
/// # Errors
/// The first failure of the database or of `told`. Evidence that is not there is told and counted.
pub async fn rejudge(config: Config, order: Order, told: &mut impl Write) -> Result<Rejudged, RejudgeError> {
    if !config.store.is_dir() {
        return Err(RejudgeError::NoStore(config.store));
    }
    let (db, blobs) = open(config.database, config.connections, &config.store).await?;
    if !is_current(&db).await? {
        return Err(RejudgeError::OtherVersion);
    }
    let since = order.since.map(|day| day.midnight().assume_utc());
    let (mut rejudged, mut after) = (Rejudged::default(), Uuid::nil());
    loop {
        let cells = judged::by_other_rules(&db, insight::judge::rules(), since, after, BATCH).await?;
        let Some(last) = cells.last() else { break };
        after = last.id;
        for cell in &cells {
            one(&db, &blobs, cell, order.apply, &mut rejudged, told).await?;
        }
    }
    let Rejudged { seen, changed, reworded, unknown } = rejudged;
    let stored = if order.apply { "they were stored" } else { "nothing was stored; --apply does" };
    writeln!(
        told,
        "{seen} verdicts of other rules: {changed} changed, {reworded} in their words only, {unknown} could not be \
         judged again; {stored}"
    )?;
    Ok(rejudged)
}

async fn one(
    db: &PgPool,
    blobs: &Blobs,
    cell: &Judged,
    apply: bool,
    rejudged: &mut Rejudged,
    told: &mut impl Write,
) -> Result<(), RejudgeError> {
    rejudged.seen += 1;
    let place = format!("{} on {}, run {}", cell.object_name, cell.kernel_id, cell.run_id);
    let (old, new) = match (stored(db, cell).await?, judge(db, blobs, cell).await?) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(says), _) | (_, Err(says)) => {
            rejudged.unknown += 1;
            writeln!(told, "{}", line(&format!("{place}: cannot be judged again: {says}")))?;
            return Ok(());
        }
    };
    match difference(&old, &new.answer) {
        Some(difference) => {
            rejudged.changed += 1;
            let (was, is) = (because(&old), because(&new.answer));
            writeln!(told, "{}", line(&format!("{place}: {was} -> {is}; first {difference}")))?;
        }
        None if verdicts::are_stored_alike(&old, &new.answer) => return Ok(()),
        None => rejudged.reworded += 1,
    }
    if apply {
        store(db, cell.verdict_id, &new).await?;
    }
    Ok(())
}

/// What names and errors say is one line, and nothing a terminal obeys.
fn line(text: &str) -> String {
    printable(text.as_bytes()).replace('\n', " ")
}

/// `fails (helper_unknown bpf_x)`
fn because(answer: &CellVerdict) -> String {
    let cause = answer
        .cause
        .as_ref()
        .map(|cause| format!(" ({})", format!("{} {}", cause.code, cause.subject).trim_end()));
    format!("{}{}", answer.verdict, cause.unwrap_or_default())
}

/// The verdict as it is, or why it cannot be read.
async fn stored(db: &PgPool, cell: &Judged) -> sqlx::Result<Result<CellVerdict, String>> {
    match verdicts::by_id(db, &[cell.verdict_id]).await {
        Ok(mut found) => match found.remove(&cell.verdict_id) {
            Some(stored) => Ok(Ok(stored.answer)),
            None => Ok(Err("its verdict is not there".to_owned())),
        },
        Err(error @ sqlx::Error::ColumnDecode { .. }) => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}

/// What the evidence of the cell's tries means today, or why nobody can tell.
async fn judge(db: &PgPool, blobs: &Blobs, cell: &Judged) -> sqlx::Result<Result<New, String>> {
    let Ok(level) = cell.level.parse::<Level>() else { return Ok(Err(format!("level `{}`", cell.level))) };
    let tries = evidence::of_cell(db, CellId(cell.id)).await?;
    let (mut answers, mut witnesses) = (Vec::new(), Vec::new());
    for (digest, recorded_at) in tries {
        let bytes = match blobs.get(Kind::Evidence, digest).await {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(format!("evidence {digest}: {error}"))),
        };
        let day = recorded_at.to_offset(UtcOffset::UTC).date();
        let judging = tokio::task::spawn_blocking(move || answer(&bytes, digest, level, day)).await;
        match judging.unwrap_or_else(|panicked| Err(format!("judging it failed: {panicked}"))) {
            Ok((answer, witness)) => {
                answers.push((answer, witness.guest.memory_bytes));
                witnesses.push(witness);
            }
            Err(says) => return Ok(Err(format!("evidence {digest}: {says}"))),
        }
    }
    // Tries that left no evidence ended for want of it.
    let lost = cell.ended.iter().filter(|ended| ended.cause.code == CauseCode::Infrastructure);
    let lost = lost.take((cell.ended.len() + 1).saturating_sub(answers.len())).cloned().collect();
    let Some((at, answer)) = insight::tries::again(answers, lost) else {
        return Ok(Err("it has no evidence of its own".to_owned()));
    };
    let mut witness = witnesses.swap_remove(at);
    match question(cell, level, &witness) {
        Ok(question) => witness.question = question,
        Err(says) => return Ok(Err(says)),
    }
    Ok(Ok(New { answer, witness }))
}

/// What one piece of evidence means, and whose it is; in place of the question stands its contract.
fn answer(
    compressed: &Bytes,
    digest: Digest,
    level: Level,
    day: Date,
) -> Result<(CellVerdict, Witness), String> {
    let Read { evidence, digest: found, .. } = read::evidence(compressed)?;
    if found != digest {
        return Err(format!("its bytes are those of {found}"));
    }
    let answer = insight::judge::judge(&evidence, level, day);
    let contract = evidence.contract.digest(day);
    let rules = insight::judge::rules();
    let witness = Witness {
        question: contract,
        rules,
        evidence: digest,
        guest: evidence.guest,
        kernel: evidence.kernel,
    };
    Ok((answer, witness))
}

/// The question that the new verdict answers, whose contract the witness still has in its place. Which program an
/// external loader was is not stored, so its verdict answers what nobody asks.
fn question(cell: &Judged, level: Level, witness: &Witness) -> Result<Digest, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("its row cannot be read: {error}");
    let loader: Loader = cell.loader.parse().map_err(|error| unreadable(&error))?;
    let digest = |bytes: &[u8]| Digest::try_from(bytes).map_err(|error| unreadable(&error));
    if matches!(loader, Loader::External(_)) {
        return Ok(Digest::of(&[cell.question.as_slice(), &witness.rules.0].concat()));
    }
    let question = Question {
        object: digest(&cell.object)?,
        kernel: digest(&cell.kernel_digest)?,
        validator: witness.guest.validator,
        rules: witness.rules,
        contract: witness.question,
        level,
        loader,
        loader_program: None,
        axes: cell.axes.0.clone(),
    };
    Ok(question.digest())
}

/// Stores the new verdict beside the old, gives it to the cells of the old, and counts their runs again.
async fn store(db: &PgPool, old: Uuid, new: &New) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let verdict = verdicts::insert(&mut *tx, &new.answer, Some(&new.witness)).await?;
    let runs = judged::replace(&mut *tx, old, verdict).await?;
    if runs.is_empty() {
        // Somebody else judged it again meanwhile.
        return tx.rollback().await;
    }
    for run in runs {
        count_again(&mut tx, run).await?;
    }
    tx.commit().await
}

/// A run that is not over counts its verdicts when it is. One that ends just now is waited for.
async fn count_again(tx: &mut sqlx::PgConnection, run: RunId) -> sqlx::Result<()> {
    if runs::lock_is_over(&mut *tx, run).await? {
        let verdict = of_run(tx, run).await?;
        runs::set_verdict(&mut *tx, run, verdict).await?;
    }
    announce(tx, Notice::Run(run)).await
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|_| "it is no day; days look like 2027-01-31".to_owned())
}
