//! One run with every verdict in it, as a controller would tell it; for the tests of each form.

use super::matrix::Matrix;
use proto::wire;

/// The matrix of a response that has its run.
pub(crate) fn matrix(response: &wire::GetRunResponse) -> Matrix<'_> {
    Matrix::new(response, response.run.as_ref().expect("the sample has a run"))
}

/// Two objects on two kernels that decide and one that does not.
pub(crate) fn response() -> wire::GetRunResponse {
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    wire::GetRunResponse {
        run: Some(wire::Run {
            id: "0198c5f2-7b1e-7cc0-8000-0123456789ab".to_owned(),
            state: wire::RunState::Finished.into(),
            level: wire::Level::Attach.into(),
            kernels: "lts,newest".to_owned(),
            optional_kernels: String::new(),
            created_at: at(1_790_000_000),
            started_at: at(1_790_000_001),
            finished_at: at(1_790_000_060),
            cells: 6,
            settled: 6,
            verdict: wire::Verdict::Fails.into(),
            ..Default::default()
        }),
        manifest: br#"{"file":"probe.yaml","name":"probe"}"#.to_vec(),
        objects: vec![object(1, "probe.bpf.o"), object(2, "edge.bpf.o")],
        kernels: vec![kernel("5.10"), kernel("6.12"), kernel("7.3")],
        cells: vec![
            cell(1, "5.10", failing()),
            cell(1, "6.12", passing("on_exec")),
            cell(1, "7.3", silent()),
            wire::Cell { cached: true, ..cell(2, "5.10", passing("steer")) },
            cell(2, "6.12", passing("steer")),
            cell(2, "7.3", unexercised()),
        ],
    }
}

/// The same run, in which aya is refused on the newest kernel what libbpf got on another, and cannot open one object.
pub(crate) fn two_loaders() -> wire::GetRunResponse {
    let mut response = response();
    let unable = wire::Cause {
        code: "loader_unable".to_owned(),
        stage: "open".to_owned(),
        confidence: "certain".to_owned(),
        says: "aya refuses the object by itself.".to_owned(),
        ..wire::Cause::default()
    };
    let mut closed = verdict(wire::Verdict::Fails, unable, Vec::new());
    closed.programs.clear();
    let by_aya = |mut cell: wire::Cell| {
        cell.id.push_str(" aya");
        cell.loader = "aya".to_owned();
        cell
    };
    let of_aya = [
        cell(1, "5.10", passing("on\x1bexec")),
        cell(1, "6.12", passing("on_exec")),
        cell(2, "5.10", closed.clone()),
        cell(2, "6.12", closed),
    ];
    response.cells.extend(of_aya.map(by_aya));
    response
}

/// The same run with everything that a report can have.
pub(crate) fn everything() -> wire::GetRunResponse {
    let mut response = response();
    response.manifest = br#"{"file":"probe.yaml","name":"probe","metadata":{"team":"storage"}}"#.to_vec();
    let found = |what: &str, name: &str, kind: &str| wire::Found {
        what: what.to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
    };
    let output = |text: &str| Some(wire::Output { text: text.to_owned(), bytes: 6 });
    let run = wire::CommandRun {
        end: "exited".to_owned(),
        number: 1,
        took_ms: 12,
        stdout: output("opens"),
        stderr: output(""),
    };
    let verdict = response.cells[0].verdict.as_mut().expect("a verdict");
    verdict.checks = vec![wire::CheckVerdict {
        name: "counts".to_owned(),
        required: true,
        verdict: wire::Verdict::Fails.into(),
        cause: verdict.cause.clone(),
        command: Some(run.clone()),
    }];
    verdict.command = Some(wire::CommandOutcome {
        run: Some(run),
        loaded: vec![found("program", "on_exec", "tracepoint"), found("map", "events", "ringbuf")],
        left: vec![found("map", "events", "ringbuf")],
        unlisted: false,
    });
    verdict.modules = vec!["veth".to_owned()];
    verdict.may_miss = vec!["`on_exec` sees no call of `f.part.0`".to_owned()];
    verdict.splats = vec![wire::Splat { kind: "warning".to_owned(), excerpt: "WARNING: a at b".to_owned() }];
    response.cells[1].verdict.as_mut().expect("a verdict").programs[0].line_costs = vec![wire::LineCost {
        file: "probe.bpf.c".to_owned(),
        line: 42,
        text: "\tfor (int i = 0; i < 64; i++)".to_owned(),
        walked: 9_648,
    }];
    response
}

/// Text that wants out of wherever it is put: of HTML, XML, Markdown, JSON and a terminal.
pub(crate) const HOSTILE: &str =
    "</title></style>\"'><script>alert(1)</script>]]>`|\n# x\x1b[2J\u{9b}2J\u{202e}\0&amp;";

/// The same run with such text wherever a stranger may say something.
pub(crate) fn hostile() -> wire::GetRunResponse {
    spoiled(HOSTILE)
}

/// The same run with a text added to what strangers say.
pub(crate) fn spoiled(with: &str) -> wire::GetRunResponse {
    let spoiled = |text: &mut String| text.push_str(with);
    let cause = |cause: &mut wire::Cause| {
        let wire::Cause { subject, says, log_line, why, path, .. } = cause;
        [subject, says, log_line, why].into_iter().chain(path).for_each(spoiled);
        let location = cause.location.get_or_insert_default();
        for text in [&mut location.file, &mut location.source, &mut location.disassembly] {
            spoiled(text.get_or_insert_default());
        }
        let since = cause.since.get_or_insert_default();
        spoiled(&mut since.version);
        spoiled(since.commit.get_or_insert_default());
        let remedy = cause.remedy.get_or_insert_default();
        spoiled(&mut remedy.says);
        spoiled(&mut remedy.change);
    };
    let mut response = everything();
    response.objects.iter_mut().for_each(|object| spoiled(&mut object.name));
    response.kernels.iter_mut().for_each(|kernel| spoiled(&mut kernel.flavour));
    let run = response.run.as_mut().expect("a run");
    [&mut run.id, &mut run.kernels].into_iter().for_each(spoiled);
    for verdict in response.cells.iter_mut().filter_map(|cell| cell.verdict.as_mut()) {
        verdict.cause.as_mut().map(cause);
        for program in &mut verdict.programs {
            [&mut program.name, &mut program.section].into_iter().for_each(spoiled);
            program.cause.as_mut().map(cause);
        }
        for map in &mut verdict.maps {
            spoiled(&mut map.name);
            map.cause.as_mut().map(cause);
        }
        verdict.inferred.push(with.to_owned());
        verdict.modules.push(with.to_owned());
        verdict.may_miss.push(with.to_owned());
    }
    response
}

/// A run of so many kernels, objects and programs of each. Every third program fails on old kernels, each for a
/// reason of its own.
pub(crate) fn wide(kernels: u8, objects: u8, programs: u8) -> wire::GetRunResponse {
    let series: Vec<String> = (0..kernels).map(|at| format!("{}.{}", 5 + at / 20, at % 20)).collect();
    let verdict_of = |object: u8, at: u8| {
        let (mut whole, broken) = (passing(""), failing());
        whole.programs = (0..programs)
            .map(|number| {
                let name = format!("on_event_{object}_{number}");
                if number % 3 != 0 || at > (number + object) % kernels {
                    return wire::ProgramVerdict { name, ..passing("").programs.remove(0) };
                }
                let mut refused = wire::ProgramVerdict { name, ..broken.programs[0].clone() };
                refused.cause.as_mut().expect("a cause").subject = format!("map_{number}");
                refused
            })
            .collect();
        let refused = whole.programs.iter().find(|program| program.cause.is_some());
        if let Some(cause) = refused.and_then(|program| program.cause.clone()) {
            (whole.verdict, whole.cause) = (wire::Verdict::Fails.into(), Some(cause));
        }
        whole
    };
    let cells = (0..objects).flat_map(|number| {
        let cell = |(at, series): (u8, &String)| cell(number, series, verdict_of(number, at));
        (0..kernels).zip(&series).map(cell).collect::<Vec<_>>()
    });
    let cells: Vec<_> = cells.collect();
    let mut run = response().run.expect("a run");
    run.cells = u32::try_from(cells.len()).expect("few");
    wire::GetRunResponse {
        run: Some(run),
        manifest: Vec::new(),
        objects: (0..objects).map(|number| object(number, &format!("probe_{number}.bpf.o"))).collect(),
        kernels: series.iter().map(|series| kernel(series)).collect(),
        cells,
    }
}

/// The first object of it on one kernel, where it fails as expected.
pub(crate) fn all_excused() -> wire::GetRunResponse {
    let mut response = response();
    response.objects.truncate(1);
    response.kernels.truncate(1);
    response.cells.truncate(1);
    response.run.as_mut().expect("a run").cells = 1;
    excuse(&mut response.cells[0], "2027-01-31");
    response
}

/// Makes the failure of a cell one that is expected until that day.
pub(crate) fn excuse(cell: &mut wire::Cell, until: &str) {
    let verdict = cell.verdict.as_mut().expect("a verdict");
    verdict.excused = true;
    verdict.excused_until = until.to_owned();
    verdict.expectations = vec![format!("the object fails as expected until {until}: known")];
}

fn object(number: u8, name: &str) -> wire::Object {
    wire::Object {
        digest: vec![number; 32],
        name: name.to_owned(),
        bytes: 4096,
        programs: vec!["on_exec".to_owned()],
        maps: vec!["events".to_owned()],
        command: false,
    }
}

fn kernel(series: &str) -> wire::Kernel {
    let release = format!("{series}.0-1-cloud-amd64");
    wire::Kernel {
        id: format!("debian/{release}@{series}.1-1"),
        release,
        version: format!("{series}.1-1"),
        series: series.to_owned(),
        distro: "debian".to_owned(),
        suites: vec!["trixie".to_owned()],
        flavour: "cloud".to_owned(),
        arch: "amd64".to_owned(),
        digest: vec![9; 32],
        download_bytes: 27_000_000,
    }
}

fn cell(object: u8, series: &str, verdict: wire::CellVerdict) -> wire::Cell {
    wire::Cell {
        id: format!("cell {object} {series}"),
        object: vec![object; 32],
        kernel_id: kernel(series).id,
        loader: "libbpf".to_owned(),
        axes: Some((&domain::axis::Axes::default()).into()),
        required: series != "7.3",
        state: wire::CellState::Settled.into(),
        attempts: 1,
        queue_ms: 12,
        verdict: Some(verdict),
        ..wire::Cell::default()
    }
}

fn guest() -> wire::Guest {
    wire::Guest {
        start: "cold".to_owned(),
        accelerator: "tcg".to_owned(),
        qemu: "7.2.22".to_owned(),
        nonce_ok: true,
        boot_ms: 2_000,
        answer_ms: 150,
        loader_version: "1.7".to_owned(),
        ..wire::Guest::default()
    }
}

fn program(name: &str, section: &str, verdict: wire::Verdict) -> wire::ProgramVerdict {
    wire::ProgramVerdict {
        name: name.to_owned(),
        section: section.to_owned(),
        kind: "tracepoint".to_owned(),
        required: true,
        asked: wire::Level::Attach.into(),
        reached: "opened".to_owned(),
        verdict: verdict.into(),
        ..wire::ProgramVerdict::default()
    }
}

fn verdict(
    verdict: wire::Verdict,
    cause: wire::Cause,
    programs: Vec<wire::ProgramVerdict>,
) -> wire::CellVerdict {
    wire::CellVerdict {
        verdict: verdict.into(),
        cause: Some(cause),
        programs,
        guest: Some(guest()),
        evidence: vec![7; 32],
        ..wire::CellVerdict::default()
    }
}

fn passing(name: &str) -> wire::CellVerdict {
    let program = wire::ProgramVerdict {
        reached: "attached".to_owned(),
        hook: "syscalls:sys_enter_execve".to_owned(),
        how: "link".to_owned(),
        stats: Some(wire::Stats { verified_instructions: 40, translated_bytes: 320, jited_bytes: 210 }),
        verification: Some(wire::Verification {
            took_us: Some(2804),
            processed: 12_345,
            processed_max: 1_000_000,
            states_per_instruction: Some(4),
            total_states: Some(150),
            peak_states: Some(150),
            mark_read: None,
            stack_bytes: vec![344],
            deepest_stack_bytes: Some(344),
            memory_peak_bytes: Some(12 << 20),
        }),
        ..program(name, "tracepoint/syscalls/sys_enter_execve", wire::Verdict::Passes)
    };
    wire::CellVerdict {
        verdict: wire::Verdict::Passes.into(),
        programs: vec![program],
        guest: Some(guest()),
        evidence: vec![7; 32],
        ..wire::CellVerdict::default()
    }
}

fn failing() -> wire::CellVerdict {
    let cause = wire::Cause {
        code: "map_type_unknown".to_owned(),
        stage: "map".to_owned(),
        subject: "events".to_owned(),
        errno: Some(22),
        confidence: "certain".to_owned(),
        says: "The kernel does not know map type ringbuf.".to_owned(),
        log_line: "libbpf: map 'events': failed to create: -EINVAL".to_owned(),
        location: Some(wire::Location {
            instruction: Some(12),
            disassembly: Some("call bpf_ringbuf_reserve#131".to_owned()),
            file: Some("probe.bpf.c".to_owned()),
            line: Some(42),
            source: Some("  bpf_ringbuf_reserve(&events, 64, 0)".to_owned()),
        }),
        why: "Ring buffers are a map type of their own.".to_owned(),
        path: vec!["11: r1 = map[events]".to_owned(), "12: call bpf_ringbuf_reserve#131".to_owned()],
        since: Some(wire::Since {
            version: "5.8".to_owned(),
            commit: Some("457f44363a88".to_owned()),
            standing: "not_yet".to_owned(),
        }),
        remedy: Some(wire::Remedy {
            says: "Send the records through a perf_event_array.".to_owned(),
            tried: Some(wire::Verdict::Passes.into()),
            change: "with map `events` as a perf buffer".to_owned(),
            evidence: Vec::new(),
        }),
    };
    let blocked = wire::Cause {
        code: "blocked".to_owned(),
        stage: "load".to_owned(),
        confidence: "certain".to_owned(),
        ..wire::Cause::default()
    };
    let kind = "tracepoint/syscalls/sys_enter_execve";
    // The first name holds an escape character: objects are hostile.
    let programs = vec![
        wire::ProgramVerdict {
            cause: Some(cause.clone()),
            ..program("on\x1bexec", kind, wire::Verdict::Fails)
        },
        wire::ProgramVerdict {
            cause: Some(blocked),
            ..program("on_exit", kind, wire::Verdict::NotAttempted)
        },
    ];
    let map = wire::MapVerdict {
        name: "events".to_owned(),
        kind: "ringbuf".to_owned(),
        verdict: wire::Verdict::Fails.into(),
        cause: Some(cause.clone()),
    };
    wire::CellVerdict { maps: vec![map], ..verdict(wire::Verdict::Fails, cause, programs) }
}

fn silent() -> wire::CellVerdict {
    let cause = wire::Cause {
        code: "deadline".to_owned(),
        stage: "guest".to_owned(),
        confidence: "certain".to_owned(),
        says: "The guest did not answer in 60 s.".to_owned(),
        ..wire::Cause::default()
    };
    let bare = verdict(wire::Verdict::Inconclusive, cause, Vec::new());
    wire::CellVerdict { guest: None, evidence: Vec::new(), ..bare }
}

fn unexercised() -> wire::CellVerdict {
    let cause = wire::Cause {
        code: "not_exercised".to_owned(),
        stage: "attach".to_owned(),
        confidence: "certain".to_owned(),
        says: "Nothing here can attach a sk_lookup program.".to_owned(),
        ..wire::Cause::default()
    };
    let steer = program("steer", "sk_lookup", wire::Verdict::NotAttempted);
    let programs = vec![wire::ProgramVerdict { cause: Some(cause.clone()), ..steer }];
    verdict(wire::Verdict::NotAttempted, cause, programs)
}
