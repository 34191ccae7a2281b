//! The cases of a suite while they are asked: a line for each on a terminal, else a line for each cell.

use crate::render::live::{Live, counts};
use crate::render::matrix::Matrix;
use crate::render::paint::Paint;
use crate::render::printable;
use crate::render::progress::Progress;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What all cases are shown on.
#[derive(Debug)]
pub(crate) struct Board {
    names: Vec<String>,
    paint: Paint,
    since: Instant,
    picture: Option<Mutex<Picture>>,
}

/// What is redrawn in place.
#[derive(Debug)]
struct Picture {
    live: Live,
    busy: BTreeMap<usize, String>,
    over: usize,
}

impl Board {
    /// A board for cases of these names; without `live` it is a log.
    pub(crate) fn new(names: impl Iterator<Item = String>, live: Option<Live>, paint: Paint) -> Self {
        let picture = live.map(|live| Mutex::new(Picture { live, busy: BTreeMap::new(), over: 0 }));
        Self { names: names.map(|name| printable(&name)).collect(), paint, since: Instant::now(), picture }
    }

    /// Shows a case as it is.
    pub(crate) fn show(&self, case: usize, matrix: &Matrix<'_>, progress: &mut Progress) {
        let name = &self.names[case];
        match &self.picture {
            Some(picture) => {
                let mut picture = picture.lock().unwrap_or_else(PoisonError::into_inner);
                picture.busy.insert(case, format!("{name}: {}", counts(matrix, self.since.elapsed())));
                self.draw(&mut picture);
            }
            None => {
                for line in progress.lines(matrix, self.paint) {
                    eprintln!("{name} {line}");
                }
            }
        }
    }

    /// A case is over.
    pub(crate) fn over(&self, case: usize) {
        if let Some(picture) = &self.picture {
            let mut picture = picture.lock().unwrap_or_else(PoisonError::into_inner);
            picture.busy.remove(&case);
            picture.over += 1;
            self.draw(&mut picture);
        }
    }

    fn draw(&self, picture: &mut Picture) {
        let mut lines: Vec<String> = picture.busy.values().cloned().collect();
        lines.push(format!("{} of {} cases are over", picture.over, self.names.len()));
        picture.live.show(&lines);
    }

    /// Takes the picture away.
    pub(crate) fn clear(&self) {
        if let Some(picture) = &self.picture {
            picture.lock().unwrap_or_else(PoisonError::into_inner).live.clear();
        }
    }
}
