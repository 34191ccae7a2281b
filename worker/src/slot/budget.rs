//! How many cells this host can carry now. Pure: what was observed comes in, a budget goes out.
//!
//! A budget falls at once and rises slowly: one cell per observation, after several in a row had
//! room for more. It says how many cells may be in flight; those that run are never stopped for it.

use super::answer::GUEST_BYTES;
use super::host::Sample;
use crate::machine::host_memory_bytes;

/// Memory left to the host for everything that is not a guest: the worker itself, the page
/// cache of kernel bundles, and in local mode the controller and Postgres. The only guest of a
/// host may use it.
const HOST_RESERVE_BYTES: u64 = 1024 * 1024 * 1024;

/// More guests than this gain nothing a second worker would not; it bounds every table that
/// has one entry per slot.
pub const SLOTS_MAX: u16 = 256;

/// Share of time in which some task waits for memory from which on the host is short of it. Hosts
/// that read files all the time stay below a few percent; one that thrashes has dozens.
const STALLED_PERCENT_MAX: f64 = 10.0;

/// Bytes per second read back from swap from which on a host that does not tell its pressure is
/// short of memory: a thousand pages, each of which somebody waits for.
const SWAP_IN_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Observations in a row that have room for more before the budget rises. One may have looked in a
/// moment between two programs.
const CALM_OBSERVATIONS: u8 = 2;

/// What a guest's processor adds to the host's load: itself, and QEMU's own thread half the time.
pub(super) const LOAD_OF_A_CPU: f64 = 1.5;

/// What bounds a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The setting `slots`.
    Setting,
    /// The number of processors.
    Cpus,
    /// Other programs on the processors.
    Load,
    /// Available memory.
    Memory,
    /// Tasks that wait for memory.
    Pressure,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Self; 5] = [Self::Setting, Self::Cpus, Self::Load, Self::Memory, Self::Pressure];

    /// The stable name, used on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Setting => "setting",
            Self::Cpus => "cpus",
            Self::Load => "load",
            Self::Memory => "memory",
            Self::Pressure => "pressure",
        }
    }

    /// Why there is no more, for people.
    pub fn says(self) -> &'static str {
        match self {
            Self::Setting => "its setting `slots` allows no more",
            Self::Cpus => "one cell for each processor",
            Self::Load => "other programs keep its other processors busy",
            Self::Memory => "its available memory carries no more guests",
            Self::Pressure => "programs on it wait for memory, so it takes on less",
        }
    }
}

/// What was given to cells in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Promised {
    /// Cells.
    pub cells: u16,
    /// Host memory their guests may come to touch, in bytes. What they touched already is missing
    /// from the available memory too: it is counted twice, which errs on the safe side.
    pub bytes: u64,
    /// Processors of their guests.
    pub cpus: u32,
}

/// All that a budget follows from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// The host.
    pub host: Sample,
    /// The setting `slots`.
    pub setting: Option<u16>,
    /// What is in flight.
    pub promised: Promised,
    /// What our guests added to `host.load`, averaged as it is.
    pub own_load: f64,
    /// Bytes per second read back from swap since the last observation.
    pub swap_in_bytes: u64,
}

/// How many cells may be in flight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Cells, those in flight included. 0 when memory is short of a single guest.
    pub cells: u16,
    /// Why not more.
    pub limited_by: Limit,
    /// Load of other programs than our guests.
    pub load_of_others: f64,
    /// Observations in a row that had room for more.
    calm: u8,
}

/// Whether `needs` more bytes fit beside what was promised. On a host that does not tell its
/// memory one guest at a time does.
pub(super) fn fits(available_bytes: Option<u64>, promised: Promised, needs: u64) -> bool {
    available_bytes.map_or(promised.cells == 0, |available| needs <= free(available, promised))
}

/// Available bytes that one more guest may come to touch.
pub(super) fn free(available_bytes: u64, promised: Promised) -> u64 {
    let reserve = if promised.cells == 0 { 0 } else { HOST_RESERVE_BYTES };
    available_bytes.saturating_sub(reserve).saturating_sub(promised.bytes)
}

/// The most cells that can ever be in flight: the setting, else one per processor, because a guest
/// keeps its processor busy and more only add latency.
pub(super) fn slots(host: &Sample, setting: Option<u16>) -> u16 {
    setting.unwrap_or(host.cpus).clamp(1, SLOTS_MAX)
}

/// The budget that follows from what is seen, after `previous`.
pub fn decide(seen: &Observation, previous: Option<Budget>) -> Budget {
    let load_of_others = load_of_others(seen);
    let (target, limited_by) = target(seen, load_of_others, previous);
    let now = Budget { cells: target, limited_by, load_of_others, calm: 0 };
    match previous {
        Some(previous) if target > previous.cells => {
            let calm = previous.calm.saturating_add(1).min(CALM_OBSERVATIONS);
            let cells = if calm < CALM_OBSERVATIONS { previous.cells } else { previous.cells + 1 };
            let limited_by = if cells == target { limited_by } else { previous.limited_by };
            Budget { cells, limited_by, load_of_others, calm }
        }
        Some(_) | None => now,
    }
}

/// What others keep busy: over the last minute, and still now. The average alone would hold a
/// build against the host that ended half a minute ago.
fn load_of_others(seen: &Observation) -> f64 {
    let lately = seen.host.load - seen.own_load;
    let now = f64::from(seen.host.runnable) - f64::from(seen.promised.cpus) * LOAD_OF_A_CPU;
    lately.min(now).max(0.0)
}

/// The smallest of all limits. Of equal ones the first is named, the one least likely to change.
fn target(seen: &Observation, load_of_others: f64, previous: Option<Budget>) -> (u16, Limit) {
    let Observation { host, promised, .. } = seen;
    let slots = slots(host, seen.setting);
    let static_limit = if seen.setting.is_some() { Limit::Setting } else { Limit::Cpus };
    // A load of a hundred thousand is more than any host's; what is left of it fits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let taken = load_of_others.min(f64::from(u16::MAX)) as u16;
    let mut limits =
        vec![(slots, static_limit), (host.host_cpus.max(slots).saturating_sub(taken).max(1), Limit::Load)];
    let needs = host_memory_bytes(GUEST_BYTES);
    let beside =
        host.available_bytes.unwrap_or(0).saturating_sub(HOST_RESERVE_BYTES + promised.bytes) / needs;
    let more = beside.max(fits(host.available_bytes, *promised, needs).into());
    let more = u16::try_from(more).unwrap_or(SLOTS_MAX);
    limits.push((promised.cells.saturating_add(more), Limit::Memory));
    if let Some(previous) = previous.filter(|_| is_short_of_memory(seen)) {
        limits.push(((previous.cells.min(promised.cells) / 2).max(1), Limit::Pressure));
    }
    limits.into_iter().min_by_key(|(cells, _)| *cells).expect("there are always three")
}

fn is_short_of_memory(seen: &Observation) -> bool {
    match seen.host.stalled_percent {
        Some(percent) => percent > STALLED_PERCENT_MAX,
        None => seen.swap_in_bytes > SWAP_IN_BYTES_MAX,
    }
}

#[cfg(test)]
mod tests;
