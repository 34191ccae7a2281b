//! Templates in memory: found, read from disk, or made, one at a time per key.

use super::shelf::Shelf;
use super::{Settings, Template};
use crate::machine::driver::Plan;
use crate::machine::freeze::{FreezeError, Frozen, freeze};
use crate::machine::launch::Starter;
use crate::tally::{Event, Tally};
use domain::digest::Digest;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::OnceCell;

/// Templates of one key that are tried before its guests are booted until the worker starts again:
/// the first may have been damaged, a second that fails too was not.
pub(in crate::machine) const TEMPLATE_TRIES: u32 = 2;

/// Why there is no template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It could not be made.
    #[error("no template could be made")]
    Freeze(#[from] FreezeError),
    /// Its guest was not ready or its clones did not wake up, more than once.
    #[error("templates of this kernel do not work on this host")]
    GivenUp,
    /// The task reading the disk was lost.
    #[error("the task that reads templates was lost")]
    Lost(#[source] tokio::task::JoinError),
}

/// Where one template is or will be, so that whoever needs it while it is made waits for it.
type Place = Arc<OnceCell<Arc<Template>>>;

/// The templates in memory, and the shelf behind them.
#[derive(Debug)]
pub(super) struct Resident {
    shelf: Arc<Shelf>,
    memory_bytes_max: u64,
    tally: Arc<Tally>,
    // The one used last stands at the end.
    places: Mutex<Vec<(Digest, Place)>>,
    // Keys whose templates did not work, with how many were tried.
    failures: Mutex<HashMap<Digest, u32>>,
}

impl Resident {
    pub(super) fn new(dir: PathBuf, settings: &Settings, tally: Arc<Tally>) -> Self {
        Self {
            shelf: Arc::new(Shelf::open(dir, settings.disk_bytes)),
            memory_bytes_max: settings.memory_bytes,
            tally,
            places: Mutex::new(Vec::new()),
            failures: Mutex::default(),
        }
    }

    /// The template for `plan`, whose key is `key`.
    ///
    /// # Errors
    /// It was not there and could not be made, or as many of its key as are tried did not work.
    pub(super) async fn get(
        &self,
        starter: &Starter,
        plan: &Plan,
        key: Digest,
    ) -> Result<Arc<Template>, TemplateError> {
        let place = self.place(key);
        let template = place.get_or_try_init(|| self.find_or_make(starter, plan, key)).await?.clone();
        self.fit();
        Ok(template)
    }

    /// Forgets a template that did not work, in memory and on disk.
    pub(super) fn discard(&self, template: &Arc<Template>) {
        let is_it = |place: &Place| place.get().is_some_and(|kept| Arc::ptr_eq(kept, template));
        self.places().retain(|(_, place)| !is_it(place));
        self.shelf.discard(template.key);
        self.fail(template.key);
    }

    /// A clone of `template` woke up: earlier failures were not its kernel's.
    pub(super) fn vouch(&self, template: &Template) {
        self.failures().remove(&template.key);
    }

    /// Forgets the template with this key, whichever it is.
    pub(super) fn forget(&self, key: Digest) {
        self.places().retain(|(other, _)| *other != key);
        self.shelf.discard(key);
    }

    async fn find_or_make(
        &self,
        starter: &Starter,
        plan: &Plan,
        key: Digest,
    ) -> Result<Arc<Template>, TemplateError> {
        // Looked at here, where those who waited for a template that failed come one by one.
        if self.failures().get(&key).is_some_and(|failures| *failures >= TEMPLATE_TRIES) {
            return Err(TemplateError::GivenUp);
        }
        let shelf = Arc::clone(&self.shelf);
        let found = tokio::task::spawn_blocking(move || shelf.take(key)).await;
        if let Some(template) = found.map_err(TemplateError::Lost)? {
            self.tally.count(Event::TemplateRead);
            return Ok(Arc::new(template));
        }
        let frozen = freeze(starter, plan).await.inspect_err(|error| {
            self.tally.count(Event::TemplateFailed);
            // What else can go wrong is the host's, and passes.
            if matches!(error, FreezeError::NotReady(_)) {
                self.fail(key);
            }
        });
        let Frozen { memory, state, identity } = frozen?;
        let (boot_ms, freeze_ms) = (identity.boot_ms, identity.freeze_ms);
        tracing::info!(kernel = identity.kernel.release, boot_ms, freeze_ms, "template made");
        self.tally.count(Event::TemplateMade);
        let memory_bytes = plan.spec.memory_bytes;
        let template = Arc::new(Template { key, identity, memory, memory_bytes, state });
        self.keep(Arc::clone(&template));
        Ok(template)
    }

    /// Writes a new template to disk while its first clone already runs.
    fn keep(&self, template: Arc<Template>) {
        let (shelf, tally) = (Arc::clone(&self.shelf), Arc::clone(&self.tally));
        tokio::task::spawn_blocking(move || match shelf.put(&template) {
            Ok(evicted) => (0..evicted).for_each(|_| tally.count(Event::TemplateEvicted)),
            Err(error) => {
                tracing::warn!(%error, "a template is not kept on disk; the next start makes it again")
            }
        });
    }

    fn place(&self, key: Digest) -> Place {
        let mut places = self.places();
        let position = places.iter().position(|(other, _)| *other == key);
        let entry = position.map_or_else(|| (key, Place::default()), |position| places.remove(position));
        places.push(entry.clone());
        entry.1
    }

    /// Gives up what was used longest ago until the rest fits. Clones of it that run keep it.
    fn fit(&self) {
        let mut places = self.places();
        let bytes = |place: &Place| place.get().map_or(0, |template| template.resident_bytes());
        let mut all: u64 = places.iter().map(|(_, place)| bytes(place)).sum();
        while all > self.memory_bytes_max && places.len() > 1 {
            let (_, place) = places.remove(0);
            all -= bytes(&place);
        }
    }

    fn fail(&self, key: Digest) {
        *self.failures().entry(key).or_default() += 1;
    }

    fn failures(&self) -> MutexGuard<'_, HashMap<Digest, u32>> {
        self.failures.lock().expect("nobody panics while holding the failures")
    }

    fn places(&self) -> MutexGuard<'_, Vec<(Digest, Place)>> {
        self.places.lock().expect("nobody panics while holding the list")
    }
}
