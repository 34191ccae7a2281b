//! What happened on this worker since it started, counted.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $help:literal;)*) => {
        /// Something that is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Event { $(#[doc = $help] $variant,)* }

        impl Event {
            /// Every event, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name, used in metrics and reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in a sentence.
            pub fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }
    };
}

events! {
    Clone = "clones", "Guests restored from a template that took their job.";
    Cold = "cold_boots", "Guests booted for one cell.";
    ColdForClone = "cold_boots_for_clones", "Guests booted because no clone could be had.";
    MemoryShort = "cells_short_of_memory", "Cells given back because host memory carried no guest for them.";
    TemplateMade = "templates_made", "Templates booted and frozen.";
    TemplateFailed = "templates_failed", "Guests that could not be frozen.";
    TemplateRead = "templates_read", "Templates read from disk.";
    TemplateEvicted = "templates_evicted", "Templates removed from disk to make room.";
    RestoreFailed = "restores_failed", "Clones that did not wake up; their template was discarded.";
    RecheckAgreed = "rechecks_agreed", "Answers of clones that a booted guest repeated.";
    RecheckDisagreed = "rechecks_disagreed", "ALARM: answers of clones that a booted guest contradicted.";
    RecheckFailed = "rechecks_failed", "Answers of clones that no booted guest could repeat.";
    SpareUsed = "spares_used", "Clones whose process was already waiting.";
    StartDegraded = "degraded_starts", "QEMU processes started without a part of the jail.";
    SpareMissed = "spares_missed", "Clones whose process had to be started.";
}

/// The counts of one worker.
#[derive(Debug)]
pub struct Tally(Vec<AtomicU64>);

impl Default for Tally {
    fn default() -> Self {
        Self(Event::ALL.iter().map(|_| AtomicU64::new(0)).collect())
    }
}

impl Tally {
    /// Counts one event.
    pub fn count(&self, event: Event) {
        self.0[event as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How often it happened.
    pub fn of(&self, event: Event) -> u64 {
        self.0[event as usize].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_count_and_a_name_of_its_own() {
        let tally = Tally::default();
        tally.count(Event::SpareMissed);
        let names: std::collections::BTreeSet<_> = Event::ALL.iter().map(|event| event.name()).collect();
        assert_eq!(names.len(), Event::ALL.len());
        let counts: u64 = Event::ALL.iter().map(|event| tally.of(*event)).sum();
        assert_eq!((tally.of(Event::SpareMissed), counts), (1, 1));
    }
}
