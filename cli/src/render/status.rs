//! One line of what is being done before there is a run to show: redrawn in place on a terminal,
//! elsewhere only downloads are said, once each.

use super::live::{Live, download};
use super::paint::Paint;
use super::printable;
use console::Term;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use worker::kernel::Progress;

/// The line on stderr.
#[derive(Debug)]
pub(crate) struct Status {
    paint: Paint,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    live: Option<Live>,
    last: (String, u64),
    /// What a log was told; downloads run side by side and take turns.
    said: HashSet<String>,
}

impl Status {
    /// Redraws when `live`, else writes plain lines.
    pub(crate) fn new(live: bool, paint: Paint) -> Self {
        let live = live.then(|| Live::new(Term::buffered_stderr(), paint));
        Self { paint, state: Mutex::new(State { live, last: (String::new(), 0), said: HashSet::new() }) }
    }

    /// Says what is being done.
    pub(crate) fn say(&self, what: &str) {
        self.tell(&Progress { what: what.to_owned(), done_bytes: 0, total_bytes: 0 });
    }

    /// Says how far something got. Called for every piece of a download, so it only draws when
    /// the picture would change.
    pub(crate) fn tell(&self, progress: &Progress) {
        let percent =
            (progress.done_bytes.saturating_mul(100)).checked_div(progress.total_bytes).unwrap_or(0);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        let now = (progress.what.clone(), percent);
        if state.last == now {
            return;
        }
        state.last = now;
        let what = printable(&progress.what);
        let percent = u32::try_from(percent.min(100)).unwrap_or(100);
        match &mut state.live {
            Some(live) if progress.total_bytes > 0 => {
                live.show(&[download(&what, percent, progress.total_bytes, self.paint)]);
            }
            Some(live) => live.show(&[what]),
            // A log is told of downloads; everything else takes seconds.
            None if progress.total_bytes > 0 && state.said.insert(progress.what.clone()) => {
                eprintln!("{what}")
            }
            None => {}
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(live) = &mut state.live {
            live.clear();
        }
    }
}
