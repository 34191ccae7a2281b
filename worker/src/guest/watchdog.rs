//! Deadlines of a conversation: no guest holds a worker longer than it was given.

use std::time::Duration;
use tokio::time::Instant;

/// From starting QEMU to `Ready`. The slowest boot seen under emulation, 6.12 with two processors
/// on two cores that had thirteen other processes to run, took 28 seconds; this is four times that.
pub(crate) const BOOT_MAX: Duration = Duration::from_secs(120);

/// From starting QEMU, or handing over the job, to the first word of a clone. It takes 0.1 seconds
/// on an idle host; a template that does not wake up is made again, so patience is cheap.
const WAKE_MAX: Duration = Duration::from_secs(30);

/// Between two messages. The validator is silent while the verifier works, and a program that
/// reaches the verifier's limit of a million instructions keeps it busy for minutes under
/// emulation.
const SILENCE_MAX: Duration = Duration::from_secs(300);

/// From when on a silent guest may be stuck. The validator reports every step, and but for the
/// verifier's work, which shows in what an interrupted kernel prints, none takes nearly as long.
const STUCK_MIN: Duration = Duration::from_secs(10);

/// How long each part of a conversation may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the start to `Ready`.
    pub boot: Duration,
    /// Between two messages after `Ready`.
    pub silence: Duration,
    /// From `Ready` to the end.
    pub job: Duration,
}

impl Limits {
    /// The limits for a job that may take this long.
    pub fn for_job(job: Duration) -> Self {
        Self { boot: BOOT_MAX, silence: SILENCE_MAX, job }
    }

    /// The same for a guest that need not boot.
    #[must_use]
    pub(crate) fn of_a_clone(self) -> Self {
        Self { boot: self.boot.min(WAKE_MAX), ..self }
    }
}

/// Knows when to give up on one guest.
#[derive(Debug)]
pub(crate) struct Watchdog {
    limits: Limits,
    started: Instant,
    ready: Option<Instant>,
    heard: Instant,
}

impl Watchdog {
    /// Watches a guest that is started now.
    pub(crate) fn start(limits: Limits) -> Self {
        let now = Instant::now();
        Self { limits, started: now, ready: None, heard: now }
    }

    /// A message came; the first one is `Ready`.
    pub(crate) fn hear(&mut self) {
        self.heard = Instant::now();
        self.ready.get_or_insert(self.heard);
    }

    /// When to give up if nothing more comes.
    pub(crate) fn deadline(&self) -> Instant {
        match self.ready {
            None => self.started + self.limits.boot,
            Some(ready) => (ready + self.limits.job).min(self.heard + self.limits.silence),
        }
    }

    /// Whether nothing was heard for so long that the guest may be stuck.
    pub(crate) fn is_stuck(&self) -> bool {
        self.ready.is_some() && self.heard.elapsed() >= STUCK_MIN
    }

    /// How long the guest took to `Ready`, or has tried to; and how long it took since.
    pub(crate) fn took(&self) -> (Duration, Duration) {
        let now = Instant::now();
        let ready = self.ready.unwrap_or(now);
        (ready - self.started, now - ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_limit_of_the_present_step_decides() {
        let second = Duration::from_secs(1);
        let limits = Limits { boot: 5 * second, silence: 2 * second, job: 9 * second };
        let mut watchdog = Watchdog::start(limits);
        assert_eq!(watchdog.deadline(), watchdog.started + limits.boot);
        watchdog.hear();
        let ready = watchdog.heard;
        assert_eq!(watchdog.deadline(), ready + limits.silence);
        watchdog.heard = ready + 8 * second;
        assert_eq!(watchdog.deadline(), ready + limits.job, "talking does not prolong the job");
    }

    #[test]
    fn only_a_guest_that_was_ready_and_fell_silent_may_be_stuck() {
        let mut watchdog = Watchdog::start(Limits::for_job(STUCK_MIN));
        watchdog.heard -= STUCK_MIN;
        assert!(!watchdog.is_stuck());
        watchdog.hear();
        assert!(!watchdog.is_stuck());
        watchdog.heard -= STUCK_MIN;
        assert!(watchdog.is_stuck());
    }
}
