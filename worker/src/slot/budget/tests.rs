use super::*;

const GIB: u64 = 1024 * 1024 * 1024;
const GUEST: u64 = GIB + 160 * 1024 * 1024;

/// Eight idle processors and memory for a hundred guests.
fn large() -> Observation {
    Observation {
        host: Sample {
            cpus: 8,
            host_cpus: 8,
            memory_bytes: 128 * GIB,
            available_bytes: Some(120 * GIB),
            load: 0.2,
            runnable: 0,
            stalled_percent: Some(0.0),
            swapped_in_bytes: 0,
        },
        setting: None,
        promised: Promised::default(),
        own_load: 0.0,
        swap_in_bytes: 0,
    }
}

fn of(change: impl Fn(&mut Observation)) -> Observation {
    let mut seen = large();
    change(&mut seen);
    seen
}

fn running(cells: u16) -> Promised {
    Promised { cells, bytes: u64::from(cells) * GUEST, cpus: cells.into() }
}

fn assert_limits(cases: &[(&str, Observation, u16, Limit)]) {
    for (what, seen, cells, limited_by) in cases {
        let budget = decide(seen, None);
        assert_eq!((budget.cells, budget.limited_by), (*cells, *limited_by), "{what}: {budget:?}");
    }
}

#[test]
fn processors_or_the_setting_bound_an_idle_host() {
    let of_slots = |slots| of(|seen| seen.setting = Some(slots));
    let huge = of(|seen| {
        (seen.host.cpus, seen.host.host_cpus) = (1000, 1000);
        seen.host.available_bytes = Some(10_000 * GIB);
    });
    assert_limits(&[
        ("an idle host", large(), 8, Limit::Cpus),
        ("a setting below the processors", of_slots(3), 3, Limit::Setting),
        ("a setting above them", of_slots(12), 12, Limit::Setting),
        ("a setting of nothing", of_slots(0), 1, Limit::Setting),
        ("more processors than a worker uses", huge, SLOTS_MAX, Limit::Cpus),
    ]);
}

#[test]
fn the_load_of_others_takes_processors_away() {
    let load = |load, runnable| of(|seen| (seen.host.load, seen.host.runnable) = (load, runnable));
    let own = Observation { promised: running(8), own_load: 12.0, ..load(12.0, 12) };
    let mut quota = load(50.0, 50);
    (quota.host.cpus, quota.host.host_cpus) = (2, 64);
    assert_limits(&[
        ("others keep five busy", load(5.4, 6), 3, Limit::Load),
        ("others keep all busy", load(40.0, 40), 1, Limit::Load),
        ("others kept all busy", load(40.0, 0), 8, Limit::Cpus),
        ("others began just now", load(0.5, 40), 8, Limit::Cpus),
        ("the load is our own", own, 8, Limit::Cpus),
        ("a quota of two on a busy host of 64", quota, 2, Limit::Cpus),
    ]);
}

#[test]
fn memory_carries_what_it_can_hold_beside_what_was_promised() {
    let available = |bytes| of(|seen| seen.host.available_bytes = bytes);
    let beside = |cells, bytes| Observation { promised: running(cells), ..available(Some(bytes)) };
    assert_limits(&[
        ("for three", available(Some(HOST_RESERVE_BYTES + 3 * GUEST + GUEST / 2)), 3, Limit::Memory),
        ("for one more than run", beside(4, HOST_RESERVE_BYTES + 5 * GUEST), 5, Limit::Memory),
        ("what runs was promised all there is", beside(4, 2 * GIB), 4, Limit::Memory),
        ("the only guest may use the reserve", available(Some(GUEST)), 1, Limit::Memory),
        ("not even one fits", available(Some(GUEST - 1)), 0, Limit::Memory),
        ("a host that hides its memory", available(None), 1, Limit::Memory),
    ]);
}

#[test]
fn a_budget_falls_at_once_and_rises_one_by_one_after_a_calm_while() {
    let full = decide(&large(), None);
    let loaded = of(|seen| (seen.host.load, seen.host.runnable) = (6.0, 6));
    let mut budget = decide(&loaded, Some(full));
    assert_eq!((budget.cells, budget.limited_by), (2, Limit::Load));
    let mut cells = Vec::new();
    for seen in [large(), loaded, large(), large(), large(), large()] {
        budget = decide(&seen, Some(budget));
        cells.push(budget.cells);
    }
    assert_eq!(cells, [2, 2, 2, 3, 4, 5], "a single calm moment changes nothing");
    assert_eq!(budget.limited_by, Limit::Load, "it still recovers from that");
    for _ in 0..3 {
        budget = decide(&large(), Some(budget));
    }
    assert_eq!((budget.cells, budget.limited_by), (8, Limit::Cpus));
}

#[test]
fn waiting_for_memory_halves_what_runs_until_it_ends() {
    let thrashing: [fn(&mut Observation); 2] = [
        |seen| seen.host.stalled_percent = Some(STALLED_PERCENT_MAX + 1.0),
        |seen| (seen.host.stalled_percent, seen.swap_in_bytes) = (None, SWAP_IN_BYTES_MAX + 1),
    ];
    for thrashes in thrashing {
        let mut budget = decide(&large(), None);
        let mut cells = Vec::new();
        for in_flight in [8, 6, 4, 2, 1, 1] {
            let seen = of(|seen| {
                thrashes(seen);
                seen.promised = running(in_flight);
            });
            budget = decide(&seen, Some(budget));
            cells.push(budget.cells);
        }
        assert_eq!(cells, [4, 2, 1, 1, 1, 1]);
        assert_eq!(budget.limited_by, Limit::Pressure);
    }
    let rumbling = of(|seen| seen.host.stalled_percent = Some(STALLED_PERCENT_MAX));
    let swapped_long_ago = of(|seen| seen.swap_in_bytes = 1 << 40);
    for seen in [rumbling, swapped_long_ago] {
        assert_eq!(
            decide(&seen, Some(decide(&large(), None))).cells,
            8,
            "pressure is what the host says it is"
        );
    }
}

#[test]
fn every_limit_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = Limit::ALL.iter().map(|limit| limit.name()).collect();
    assert_eq!(names.len(), Limit::ALL.len());
}

#[test]
fn this_host_carries_a_guest() {
    let seen = Observation { host: Sample::of_this_host(), ..large() };
    let budget = decide(&seen, None);
    assert!(budget.cells >= 1 && budget.cells <= seen.host.cpus, "{budget:?} of {seen:?}");
}
