//! Remedies that are tried in another guest, on real kernels, through the real system.

use anyhow::Context as _;
use domain::axis::Axes;
use insight::manifest::parse;
use proto::wire;
use tests::compile::compiled;
use tests::corpus;
use tests::system::System;

/// Kernels that count locked memory and kernels that do not, and two without the newest flags.
const KERNELS: &str = "5.10,6.12";

fn own(name: &str) -> anyhow::Result<(String, Vec<u8>)> {
    compiled(&format!("trials/objects/{name}.bpf.c"), "PLAIN")
}

fn question(axis: Option<(&str, &str)>) -> anyhow::Result<wire::SubmitRunRequest> {
    let axes = axis.map(|(name, value)| Axes::default().with(name, value)).transpose()?;
    Ok(wire::SubmitRunRequest {
        kernels: KERNELS.to_owned(),
        axes: axes.iter().map(Into::into).collect(),
        try_remedies: true,
        ..Default::default()
    })
}

/// The cells' verdicts in the order of the kernels.
fn verdicts(run: &wire::GetRunResponse) -> anyhow::Result<Vec<&wire::CellVerdict>> {
    assert_eq!(run.cells.len(), run.kernels.len(), "trials are told with the cells that they try to help");
    run.cells.iter().map(|cell| cell.verdict.as_ref().context("a verdict")).collect()
}

/// The cell's remedy: what was changed, and what came of it.
fn tried(verdict: &wire::CellVerdict) -> (String, Option<wire::Verdict>) {
    let remedy = verdict.cause.as_ref().and_then(|cause| cause.remedy.clone()).unwrap_or_default();
    assert_eq!(remedy.tried.is_some(), !remedy.evidence.is_empty(), "{remedy:?}");
    let came = remedy.tried.map(|_| remedy.tried());
    (remedy.change, came)
}

const PASSES: Option<wire::Verdict> = Some(wire::Verdict::Passes);
const FAILS: Option<wire::Verdict> = Some(wire::Verdict::Fails);

/// An object of the corpus, its environment, and what is told on 5.10 and on 6.12.
type Case = (&'static str, Option<(&'static str, &'static str)>, [(&'static str, Option<wire::Verdict>); 2]);

const CASES: &[Case] = &[
    ("map_ringbuf_overwrite", None, [("without flags 0x80000 of map `events`", PASSES); 2]),
    ("map_too_large", None, [("with 262144 entries of map `huge`", PASSES); 2]),
    // A table of tail calls begins with the program that is refused, so nothing loads without it either.
    ("map_of_programs_one_bad", None, [("without `second` (autoload off)", FAILS); 2]),
    // Newer kernels start their integrity modules whatever they are told.
    (
        "lsm_file_open",
        Some(("lsm", "lockdown")),
        [("with lsm=lockdown+bpf", PASSES), ("with lsm=lockdown+ima+evm+bpf", PASSES)],
    ),
    ("ringbuf", Some(("memlock", "64K")), [("with an unlimited RLIMIT_MEMLOCK", PASSES), ("", None)]),
    // Nothing would be left.
    ("null_unchecked", None, [("", None); 2]),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_may_help_is_tried_and_what_came_of_it_is_told() -> anyhow::Result<()> {
    let system = System::start().await?;
    let mut runs = Vec::new();
    for (object, axis, _) in CASES {
        runs.push(system.submit(vec![corpus::object(object)?], question(*axis)?).await?);
    }
    let plain = wire::SubmitRunRequest { kernels: KERNELS.to_owned(), ..Default::default() };
    let untried = system.submit(vec![corpus::object("map_too_large")?], plain).await?;
    let again = system.submit(vec![corpus::object("map_too_large")?], question(None)?).await?;
    system.stop().await;

    for ((object, _, expected), run) in CASES.iter().zip(&runs) {
        let told: Vec<_> = verdicts(run)?.into_iter().map(tried).collect();
        let expected = expected.map(|(change, came)| (change.to_owned(), came));
        assert_eq!(told, expected, "{object}: {run:?}");
        let count = |cells: usize| u32::try_from(cells).expect("few");
        let trials = count(expected.iter().filter(|(_, came)| came.is_some()).count());
        let counted = run.run.clone().context("a run")?;
        assert_eq!((counted.cells, counted.settled), (count(run.cells.len()), counted.cells), "{object}");
        assert_eq!((counted.trials, counted.trials_settled), (trials, trials), "{object}");
    }
    for verdict in verdicts(&untried)? {
        assert_eq!(tried(verdict), ("with 262144 entries of map `huge`".to_owned(), None));
    }
    assert!(again.cells.iter().all(|cell| cell.cached), "{again:?}");
    let told: Vec<_> = verdicts(&again)?.into_iter().map(tried).collect();
    assert_eq!(told, verdicts(&runs[1])?.into_iter().map(tried).collect::<Vec<_>>());
    Ok(())
}

/// A program is left out, and the evidence of the trial is that of an object without it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_beside_a_refused_program_is_asked_about() -> anyhow::Result<()> {
    let alternatives = "version: 1\nvariants:\n  way:\n    - {program: bad_middle, requires: {helper: map_lookup_elem}}\n    - {program: good_last}";
    let manifest = serde_json::to_vec(&parse("m.yaml", alternatives)?)?;
    let system = System::start().await?;
    let run = system.submit(vec![corpus::object("three_programs_one_bad")?], question(None)?).await?;
    let question = wire::SubmitRunRequest { manifest, ..question(None)? };
    let other = system.submit(vec![corpus::object("three_programs_one_bad")?], question).await?;
    let remedies = run.cells.iter().filter_map(|cell| cell.verdict.as_ref()?.cause.as_ref()?.remedy.as_ref());
    let mut trials = Vec::new();
    for remedy in remedies {
        trials.push(system.evidence(&remedy.evidence).await?);
    }
    system.stop().await;

    for verdict in verdicts(&run)? {
        assert_eq!(verdict.verdict(), wire::Verdict::Fails, "a trial decides nothing: {verdict:?}");
        assert_eq!(tried(verdict), ("without `bad_middle` (autoload off)".to_owned(), PASSES));
        let part =
            verdict.programs.iter().find(|program| program.name == "bad_middle").context("the program")?;
        assert_eq!(part.cause, verdict.cause, "told at the program and at the cell alike");
    }
    assert_eq!(run.run.as_ref().map(|run| run.verdict()), FAILS);
    assert_eq!(trials.len(), 2);
    for trial in trials {
        let autoload = trial.contract.programs.get("bad_middle").and_then(|terms| terms.autoload);
        assert_eq!(autoload, Some(false), "{:?}", trial.contract);
        assert!(
            trial.loads.iter().all(|load| load.succeeded() || load.loaded.is_empty()),
            "{:?}",
            trial.loads
        );
    }
    for verdict in verdicts(&other)? {
        let change = "with another candidate of group `way` than `bad_middle`".to_owned();
        assert_eq!(tried(verdict), (change, PASSES), "{verdict:?}");
    }
    Ok(())
}

/// No kernel that is asked lacks ring buffers, so the change itself is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_ring_buffer_come_through_a_perf_buffer() -> anyhow::Result<()> {
    let check = "checks:\n  - name: records come\n    command: cat /proc/uptime\n    expect:\n      events: [{map: events, containing: opened a file}, {map: events, containing: {hex: 0700000000000000}}]\n";
    let swapped = format!("version: 1\nmaps: {{events: {{type: perf_event_array}}}}\n{check}");
    let system = System::start().await?;
    for manifest in [swapped, format!("version: 1\n{check}")] {
        let manifest = serde_json::to_vec(&parse("m.yaml", &manifest)?)?;
        let level = wire::Level::Behave.into();
        let question = wire::SubmitRunRequest { manifest, level, ..question(None)? };
        let run = system.submit(vec![own("ring")?], question).await?;
        for verdict in verdicts(&run)? {
            assert_eq!(verdict.verdict(), wire::Verdict::Passes, "{verdict:?}");
        }
    }
    system.stop().await;
    Ok(())
}
