//! What this worker may carry and what it has promised to cells in flight.
//!
//! The budget is decided anew with every heartbeat, and bounds what the worker asks for. What a
//! guest is then given is checked against the host's memory of that moment, because assignments
//! cross the budget on their way and memory may be gone when they arrive: a cell waits for it, and
//! is given back when it does not come.

use super::answer::GUEST_BYTES;
use super::budget::{Budget, LOAD_OF_A_CPU, Observation, Promised, decide, fits, free, slots};
use super::host::Sample;
use crate::machine::host_memory_bytes;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// The time over which the kernel averages its load; ours is averaged over the same.
const LOAD_SECONDS: f64 = 60.0;

/// How long a cell waits for the host's memory. As long as most cells take, so that one that is
/// about to end makes room; a lease is renewed meanwhile.
const MEMORY_WAIT: Duration = Duration::from_secs(30);

/// How often a waiting cell looks whether there is memory.
const MEMORY_POLL: Duration = Duration::from_millis(250);

/// The host cannot carry the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the worker is short of memory: the guest needs {} MiB, and of {} MiB available only {} MiB are \
     neither promised to other guests nor kept for the host; free some, or add a larger worker",
    needs >> 20, available >> 20, free >> 20
)]
pub struct NoMemory {
    /// Bytes the guest and its QEMU may come to touch.
    pub needs: u64,
    /// Bytes the host has.
    pub available: u64,
    /// Bytes of them that are not promised to others.
    pub free: u64,
}

/// The live budget of one worker.
#[derive(Debug)]
pub struct Capacity {
    setting: Option<u16>,
    slots: u16,
    host: fn() -> Sample,
    memory_wait: Duration,
    // Cells beyond all slots wait here; a large guest takes as many as its memory would carry.
    permits: Arc<Semaphore>,
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    seen: Sample,
    at: Instant,
    budget: Budget,
    promised: Promised,
    own_load: f64,
    own_load_at: Instant,
}

/// What one cell was given. Dropping it gives it back.
#[derive(Debug)]
pub struct Admission {
    capacity: Arc<Capacity>,
    given: Promised,
    _permit: OwnedSemaphorePermit,
}

impl Capacity {
    /// The capacity of this host, at most `setting` cells.
    pub fn new(setting: Option<u16>) -> Self {
        Self::of(setting, Sample::of_this_host, MEMORY_WAIT)
    }

    /// The capacity of the host that the function looks at; cells wait so long for its memory.
    pub fn of(setting: Option<u16>, host: fn() -> Sample, memory_wait: Duration) -> Self {
        let (seen, at) = (host(), Instant::now());
        let slots = slots(&seen, setting);
        let (promised, own_load) = (Promised::default(), 0.0);
        let observation = Observation { host: seen, setting, promised, own_load, swap_in_bytes: 0 };
        let budget = decide(&observation, None);
        let books = Books { seen, at, budget, promised, own_load, own_load_at: at };
        let permits = Arc::new(Semaphore::new(slots.into()));
        let capacity = Self { setting, slots, host, memory_wait, permits, books: Mutex::new(books) };
        capacity.tell(budget, None);
        capacity
    }

    /// The most cells that can ever be in flight.
    pub fn slots(&self) -> u16 {
        self.slots
    }

    /// The host as it was last looked at.
    pub fn seen(&self) -> Sample {
        self.books().seen
    }

    /// The budget as it was last decided.
    pub fn budget(&self) -> Budget {
        self.books().budget
    }

    /// What is in flight.
    pub fn promised(&self) -> Promised {
        self.books().promised
    }

    /// Looks at the host and decides anew.
    pub fn observe(&self) -> Budget {
        let (seen, now) = ((self.host)(), Instant::now());
        let mut books = self.books();
        books.average_own_load(now);
        let swapped = seen.swapped_in_bytes.saturating_sub(books.seen.swapped_in_bytes);
        let seconds = now.duration_since(books.at).as_secs().max(1);
        let observation = Observation {
            host: seen,
            setting: self.setting,
            promised: books.promised,
            own_load: books.own_load,
            swap_in_bytes: swapped / seconds,
        };
        let previous = books.budget;
        let budget = decide(&observation, Some(previous));
        (books.seen, books.at, books.budget) = (seen, now, budget);
        drop(books);
        self.tell(budget, Some(previous));
        budget
    }

    /// Takes room for a cell whose guest has that many processors and bytes, as soon as there is.
    ///
    /// # Errors
    /// `NoMemory` when the host's memory did not carry it for as long as cells wait.
    pub async fn admit(self: &Arc<Self>, cpus: u16, memory_bytes: u64) -> Result<Admission, NoMemory> {
        let guests = u32::try_from(memory_bytes.div_ceil(GUEST_BYTES)).unwrap_or(u32::MAX);
        let permits = Arc::clone(&self.permits).acquire_many_owned(guests.clamp(1, self.slots.into())).await;
        let permit = permits.expect("the semaphore is never closed");
        let given = Promised { cells: 1, bytes: host_memory_bytes(memory_bytes), cpus: cpus.into() };
        let began = Instant::now();
        loop {
            match self.promise(given) {
                Ok(()) => return Ok(Admission { capacity: Arc::clone(self), given, _permit: permit }),
                Err(no_memory) if began.elapsed() >= self.memory_wait => return Err(no_memory),
                Err(_) => sleep(MEMORY_POLL).await,
            }
        }
    }

    fn promise(&self, given: Promised) -> Result<(), NoMemory> {
        let mut books = self.books();
        // Looked at with the books open: of two cells only one gets the last of it.
        let available = (self.host)().available_bytes;
        if !fits(available, books.promised, given.bytes) {
            let available = available.unwrap_or(0);
            let free = free(available, books.promised);
            return Err(NoMemory { needs: given.bytes, available, free });
        }
        books.average_own_load(Instant::now());
        let Promised { cells, bytes, cpus } = books.promised;
        books.promised =
            Promised { cells: cells + given.cells, bytes: bytes + given.bytes, cpus: cpus + given.cpus };
        Ok(())
    }

    fn tell(&self, now: Budget, previous: Option<Budget>) {
        let Budget { cells, limited_by, load_of_others, .. } = now;
        if previous.is_some_and(|previous| (previous.cells, previous.limited_by) == (cells, limited_by)) {
            return;
        }
        let available_mib = self.seen().available_bytes.map(|bytes| bytes >> 20);
        let limited_by = limited_by.name();
        if cells == 0 {
            let needs_mib = host_memory_bytes(GUEST_BYTES) >> 20;
            tracing::warn!(
                available_mib,
                needs_mib,
                "no cell is taken: the memory of this host carries no guest"
            );
        } else {
            tracing::info!(cells, limited_by, load_of_others, available_mib, "budget");
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nobody panics while holding the books")
    }
}

impl Books {
    /// Follows the kernel's average with what our guests added since the last change.
    fn average_own_load(&mut self, now: Instant) {
        let kept = (-now.duration_since(self.own_load_at).as_secs_f64() / LOAD_SECONDS).exp();
        let added = f64::from(self.promised.cpus) * LOAD_OF_A_CPU;
        self.own_load = self.own_load * kept + added * (1.0 - kept);
        self.own_load_at = now;
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut books = self.capacity.books();
        books.average_own_load(Instant::now());
        let Promised { cells, bytes, cpus } = books.promised;
        let given = self.given;
        books.promised =
            Promised { cells: cells - given.cells, bytes: bytes - given.bytes, cpus: cpus - given.cpus };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn host(available_bytes: u64) -> Sample {
        let available_bytes = Some(available_bytes);
        Sample { cpus: 4, host_cpus: 4, memory_bytes: 64 * GIB, available_bytes, ..Sample::default() }
    }

    #[tokio::test]
    async fn a_guest_that_does_not_fit_is_refused_in_words() {
        let capacity = Arc::new(Capacity::of(None, || host(4 * GIB), Duration::ZERO));
        assert_eq!(capacity.slots(), 4);
        let first = capacity.admit(1, GIB).await.expect("memory for two guests beside the reserve");
        let second = capacity.admit(1, GIB).await.expect("this is the second");
        assert_eq!(capacity.promised().cells, 2);
        let refused = capacity.admit(1, GIB).await.expect_err("there is none for a third");
        assert_eq!(refused.needs, host_memory_bytes(GIB));
        assert!(
            refused.to_string().contains("1184 MiB, and of 4096 MiB available only 704 MiB"),
            "{refused}"
        );
        drop((first, second));
        assert_eq!(capacity.promised(), Promised::default());
    }

    #[tokio::test]
    async fn a_guest_that_does_not_fit_waits_for_the_end_of_another() {
        let capacity = Arc::new(Capacity::of(None, || host(3 * GIB), Duration::from_secs(600)));
        let first = capacity.admit(1, GIB).await.expect("memory for one beside the reserve");
        let second = tokio::spawn({
            let capacity = Arc::clone(&capacity);
            async move { capacity.admit(1, GIB).await }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished(), "it waits");
        drop(first);
        second.await.expect("no panic").expect("the room of the first");
    }

    #[tokio::test]
    async fn a_large_guest_takes_the_room_of_several_and_never_more_than_there_is() {
        let capacity = Arc::new(Capacity::of(None, || host(60 * GIB), Duration::ZERO));
        let large = capacity.admit(2, 3 * GIB).await.expect("there is memory");
        let small = capacity.admit(1, GIB).await.expect("the fourth permit");
        assert_eq!(capacity.permits.available_permits(), 0);
        assert_eq!(capacity.promised().cpus, 3);
        drop((large, small));
        let huge = capacity.admit(1, 16 * GIB).await.expect("all of four permits");
        assert_eq!(capacity.permits.available_permits(), 0);
        drop(huge);
        assert_eq!(capacity.permits.available_permits(), 4);
    }

    #[tokio::test]
    async fn our_own_guests_are_not_the_load_of_others() {
        let busy = || Sample { load: 6.0, runnable: 6, ..host(60 * GIB) };
        let capacity = Arc::new(Capacity::of(None, busy, Duration::ZERO));
        assert_eq!(capacity.budget().cells, 1, "six others");
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(capacity.admit(1, GIB).await.expect("there is memory"));
        }
        // Long enough for our average to be what the kernel's would be.
        capacity.books().average_own_load(Instant::now() + Duration::from_secs(600));
        let cells = [(); 5].map(|()| capacity.observe().cells);
        assert_eq!(cells, [1, 2, 3, 4, 4], "they are ours");
    }

    #[tokio::test]
    async fn memory_for_no_guest_is_a_budget_of_nothing() {
        let capacity = Arc::new(Capacity::of(Some(8), || host(GIB), Duration::ZERO));
        assert_eq!(capacity.budget().cells, 0);
        let refused = capacity.admit(1, GIB).await.expect_err("it does not fit");
        assert_eq!((refused.available, refused.free), (GIB, GIB));
        assert_eq!(capacity.permits.available_permits(), 8, "what was refused holds nothing");
    }
}
