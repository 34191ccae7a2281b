//! The standing check: now and then what a clone answered is asked again of a guest that is booted.
//!
//! In: the order of a cell that was answered and the evidence delivered for it. Out: counts, and an
//! alarm when the two guests disagree: both evidences are kept for people, and the template is made
//! again. The verdict that was delivered stays, because which of the two is wrong only people can
//! tell. Deliberately absent: repeating what ended without a conclusion, which is no disagreement.

use crate::Worker;
use crate::evidence::seal;
use crate::machine::{Hypervisor, MachineError, Order, Step};
use crate::tally::{Event, Tally};
use domain::evidence::{Evidence, Start};
use domain::verdict::Verdict;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// Disagreements kept on disk, two files each: more of them say nothing new.
const KEPT_MAX: usize = 16;

/// A part of a whole, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(f64);

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(share: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&share) {
            Ok(Self(share))
        } else {
            Err(format!("{share} is no share; use 0 (never) to 1 (always)"))
        }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0
    }
}

impl Default for Share {
    /// One in a hundred: a boot costs some fifteen clones, so this costs an eighth more.
    fn default() -> Self {
        Self(0.01)
    }
}

/// Repeats a share of what clones answered.
#[derive(Debug)]
pub struct Recheck {
    share: Share,
    dir: PathBuf,
    tally: Arc<Tally>,
    // One at a time: cells come first.
    turn: Semaphore,
}

impl Recheck {
    /// Repeats `share` of the answers and keeps disagreements in `dir`.
    pub fn new(share: Share, dir: PathBuf, tally: Arc<Tally>) -> Self {
        Self { share, dir, tally, turn: Semaphore::new(1) }
    }

    /// Whether this answer is one of those that are repeated.
    fn picks(&self, evidence: &Evidence) -> bool {
        evidence.guest.start == Start::Clone && rand::random::<f64>() < self.share.0
    }

    /// Asks a booted guest what a clone answered, and compares.
    pub async fn repeat(&self, hypervisor: &Hypervisor, order: &Order, clone: &Evidence) {
        match self.booted(hypervisor, order).await {
            Ok(booted) => self.compare(hypervisor, order, clone, &booted),
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&self, error: &dyn Error) {
        tracing::warn!(%error, "an answer could not be repeated in a booted guest");
        self.tally.count(Event::RecheckFailed);
    }

    async fn booted(&self, hypervisor: &Hypervisor, order: &Order) -> Result<Evidence, MachineError> {
        let (steps, _) = watch::channel(Step::Boot);
        let order = Order { start: Start::Cold, ..order.clone() };
        hypervisor.answer(order, steps, CancellationToken::new()).await
    }

    fn compare(&self, hypervisor: &Hypervisor, order: &Order, clone: &Evidence, booted: &Evidence) {
        let today = OffsetDateTime::now_utc().date();
        let [of_clone, of_booted] =
            [clone, booted].map(|evidence| insight::judge::judge(evidence, order.level, today));
        if [of_clone.verdict, of_booted.verdict].contains(&Verdict::Inconclusive) {
            return self.tally.count(Event::RecheckFailed);
        }
        let Some(difference) = insight::agreement::difference(&of_clone, &of_booted) else {
            return self.tally.count(Event::RecheckAgreed);
        };
        self.tally.count(Event::RecheckDisagreed);
        let object = order.object_digest;
        let kept = keep(&self.dir, clone, booted);
        tracing::error!(%object, vmlinuz = %order.vmlinuz.display(), difference, ?kept,
            "ALARM: a clone and a booted guest of the same kernel disagree about an object");
        hypervisor.distrust(order);
    }
}

/// Repeats an answer that was delivered, if it is one of those that are and no other is being
/// repeated. The guest is admitted like that of a cell.
pub(crate) fn perhaps(worker: &Arc<Worker>, order: Order, clone: Evidence) {
    if !worker.recheck.picks(&clone) {
        return;
    }
    let worker = Arc::clone(worker);
    tokio::spawn(async move {
        let recheck = &worker.recheck;
        let (Ok(_turn), Some(hypervisor)) = (recheck.turn.try_acquire(), worker.present_hypervisor()) else {
            return;
        };
        match worker.capacity.admit(order.axes.cpus, order.memory_bytes).await {
            Ok(_admission) => recheck.repeat(hypervisor, &order, &clone).await,
            Err(error) => recheck.failed(&error),
        }
    });
}

/// Writes both evidences into `dir`, unless that is full. Yields the path they share but for their
/// endings.
fn keep(dir: &Path, clone: &Evidence, booted: &Evidence) -> io::Result<Option<PathBuf>> {
    std::fs::create_dir_all(dir)?;
    if std::fs::read_dir(dir)?.count() >= 2 * KEPT_MAX {
        return Ok(None);
    }
    let path = dir.join(&clone.guest.drawn);
    for (ending, evidence) in [("clone", clone), ("booted", booted)] {
        let sealed = seal::seal(evidence).map_err(io::Error::other)?;
        std::fs::write(path.with_extension(format!("{ending}.json.z")), sealed)?;
    }
    Ok(Some(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::seal::tests::evidence;

    #[test]
    fn a_share_is_between_never_and_always() {
        for wrong in [-0.1, 1.1, 7.0, f64::NAN] {
            let says = Share::try_from(wrong).expect_err("no share");
            assert!(says.contains(&wrong.to_string()) && says.contains("0 (never) to 1 (always)"), "{says}");
        }
    }

    #[test]
    fn clones_are_picked_by_their_share_and_booted_guests_never() {
        for (share, of_clones) in [(0.0, false), (1.0, true)] {
            let recheck = Recheck::new(Share(share), PathBuf::new(), Arc::default());
            assert_eq!(recheck.picks(&evidence(Start::Clone, String::new())), of_clones);
            assert!(!recheck.picks(&evidence(Start::Cold, String::new())));
        }
    }
}
