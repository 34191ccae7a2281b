//! Honest, hostile and broken guests, message by message.

use super::*;
use domain::digest::Digest;
use domain::evidence::{Accelerator, AttachOutcome, Environment, LoadScope, Loaded, MapFact, Start};
use domain::message::Nonce;
use std::io::Write as _;

fn guest() -> Guest {
    Guest {
        start: Start::Cold,
        accelerator: Accelerator::Tcg,
        qemu: "7.2.22".to_owned(),
        memory_bytes: 1 << 30,
        cpus: 1,
        validator: Digest::of(b"validator"),
        initramfs: Digest::of(b"initramfs"),
        nonce_ok: false,
        drawn: String::new(),
        loader_version: String::new(),
        environment: None,
        boot_ms: 1,
        answer_ms: 1,
    }
}

const NONCES: Nonces = Nonces { boot: Nonce([1; 32]), job: Nonce([2; 32]) };

fn ready() -> FromGuest {
    FromGuest::Ready { boot_nonce: NONCES.boot, facts: KernelFacts::default(), offers: None }
}

fn took() -> FromGuest {
    FromGuest::Took { boot_nonce: NONCES.boot, job_nonce: NONCES.job, drawn: [7; 16] }
}

fn opened() -> FromGuest {
    FromGuest::Opened(Open::default())
}

fn environment() -> FromGuest {
    FromGuest::Environment(Environment::default())
}

fn modules(count: usize) -> FromGuest {
    let load = ModuleLoad { name: "nf_conntrack".to_owned(), errno: None, btf: true };
    FromGuest::Modules(vec![load; count])
}

fn load() -> FromGuest {
    FromGuest::Load(Load {
        scope: LoadScope::Whole,
        errno: None,
        loaded: vec![],
        counts: vec![],
        took_us: 7,
        unable: None,
        refused_at: None,
    })
}

fn map() -> FromGuest {
    FromGuest::Map(MapCreate { map: "counts".to_owned(), errno: None, without_flags: None })
}

fn attach() -> FromGuest {
    FromGuest::Attach(Attach {
        program: "probe".to_owned(),
        hook: "vfs_read".to_owned(),
        how: "link".to_owned(),
        outcome: AttachOutcome::Attached,
    })
}

fn finished() -> FromGuest {
    FromGuest::Finished { job_nonce: NONCES.job }
}

fn deflate(raw: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

fn piece(subject: LogSubject, deflated: &[u8], last: bool) -> FromGuest {
    FromGuest::Log(LogPiece { subject, raw_bytes: 5, cut: false, deflated: deflated.to_vec(), last })
}

/// What comes of a stream: how it ended and the evidence.
fn fold(stream: Vec<FromGuest>) -> (Result<Option<End>, Offence>, Evidence) {
    let mut collector = Collector::new(NONCES, None);
    let mut outcome = Ok(None);
    for message in stream {
        outcome = collector.take(message);
        if !matches!(outcome, Ok(None)) {
            break;
        }
    }
    (outcome, collector.into_evidence(guest(), String::new(), "", End::Died(String::new())))
}

#[test]
fn an_honest_guest_becomes_evidence() {
    let stream = deflate(b"\x1b[1mR1 invalid mem access\n");
    let (first, second) = stream.split_at(9);
    let (outcome, evidence) = fold(vec![
        ready(),
        took(),
        opened(),
        map(),
        piece(LogSubject::LoadWhole, first, false),
        piece(LogSubject::LoadWhole, second, true),
        load(),
        attach(),
        finished(),
    ]);
    assert_eq!(outcome, Ok(Some(End::Finished)));
    assert!(evidence.guest.nonce_ok);
    assert_eq!((evidence.maps.len(), evidence.loads.len(), evidence.attaches.len()), (1, 1, 1));
    assert_eq!(evidence.log(&LogSubject::LoadWhole), "\u{fffd}[1mR1 invalid mem access\n");
    assert!(!evidence.logs[0].cut);
}

#[test]
fn every_break_of_the_order_ends_the_conversation() {
    let other = Nonce([9; 32]);
    let facts = KernelFacts::default();
    let whole = deflate(b"log");
    for (stream, offence) in [
        (vec![finished()], Offence::BeforeReady),
        (vec![FromGuest::Refused { says: String::new() }], Offence::BeforeReady),
        (vec![ready(), ready()], Offence::ReadyTwice),
        (vec![took()], Offence::BeforeReady),
        (vec![ready(), opened()], Offence::BeforeTook),
        (vec![ready(), finished()], Offence::BeforeTook),
        (vec![ready(), took(), took()], Offence::TookTwice),
        (
            vec![ready(), FromGuest::Took { boot_nonce: other, job_nonce: NONCES.job, drawn: [7; 16] }],
            Offence::WrongNonce("boot"),
        ),
        (
            vec![ready(), FromGuest::Took { boot_nonce: NONCES.boot, job_nonce: other, drawn: [7; 16] }],
            Offence::WrongNonce("job"),
        ),
        (vec![FromGuest::Ready { boot_nonce: other, facts, offers: None }], Offence::WrongNonce("boot")),
        (vec![ready(), took(), FromGuest::Finished { job_nonce: other }], Offence::WrongNonce("job")),
        (vec![ready(), took(), FromGuest::Finished { job_nonce: NONCES.boot }], Offence::WrongNonce("job")),
        (vec![ready(), took(), load()], Offence::BeforeOpened),
        (vec![ready(), took(), map()], Offence::BeforeOpened),
        (vec![ready(), took(), attach()], Offence::BeforeOpened),
        (vec![ready(), modules(1)], Offence::BeforeTook),
        (vec![ready(), took(), modules(1), modules(1)], Offence::ModulesAgain),
        (vec![ready(), took(), opened(), modules(1)], Offence::ModulesAgain),
        (vec![ready(), took(), modules(JOB_MODULES_MAX + 1)], Offence::TooMany(JOB_MODULES_MAX, "modules")),
        (vec![ready(), took(), environment(), environment()], Offence::EnvironmentAgain),
        (vec![ready(), took(), opened(), environment()], Offence::EnvironmentAgain),
        (vec![ready(), took(), opened(), opened()], Offence::OpenedTwice),
        (
            vec![
                ready(),
                took(),
                piece(LogSubject::Open, &whole[..2], false),
                piece(LogSubject::Kernel, &whole[2..], true),
            ],
            Offence::MixedLogs,
        ),
        (
            vec![ready(), took(), piece(LogSubject::Open, &whole[..2], false), finished()],
            Offence::UnfinishedLog,
        ),
        (vec![ready(), took(), piece(LogSubject::Open, b"garbage", true)], InflateError::Garbage.into()),
        (vec![ready(), took(), piece(LogSubject::Open, &whole[..4], true)], InflateError::Truncated.into()),
    ] {
        let shown = format!("{stream:?}");
        let (outcome, evidence) = fold(stream);
        assert_eq!(outcome, Err(offence), "{shown}");
        assert!(!evidence.guest.nonce_ok, "{shown}");
    }
}

#[test]
fn records_without_end_are_refused_and_the_first_are_kept() {
    for (record, kind) in [(map(), "maps"), (load(), "loads"), (attach(), "attach attempts")] {
        let stream =
            [ready(), took(), opened()].into_iter().chain(std::iter::repeat_n(record, RECORDS_MAX + 1));
        let (outcome, evidence) = fold(stream.collect());
        assert_eq!(outcome, Err(Offence::TooMany(RECORDS_MAX, kind)));
        assert_eq!(evidence.maps.len() + evidence.loads.len() + evidence.attaches.len(), RECORDS_MAX);
    }
    let map = MapFact {
        name: String::new(),
        kind: String::new(),
        number: 1,
        key_bytes: 4,
        value_bytes: 4,
        max_entries: 1,
        flags: 0,
    };
    let maps = vec![map; PROGRAMS_MAX + 1];
    let opened = FromGuest::Opened(Open { maps, ..Open::default() });
    assert_eq!(
        fold(vec![ready(), took(), opened]).0,
        Err(Offence::TooMany(PROGRAMS_MAX, "programs or maps"))
    );
    let log = piece(LogSubject::Open, &deflate(b""), true);
    let stream = [ready(), took()].into_iter().chain(std::iter::repeat_n(log, RECORDS_MAX + 1));
    assert_eq!(fold(stream.collect()).0, Err(Offence::TooMany(RECORDS_MAX, "logs")));
}

#[test]
fn a_bomb_in_a_log_is_an_offence_and_what_came_before_is_kept() {
    let bomb = deflate(&vec![b'a'; LOG_INFLATED_BYTES_MAX + 1]);
    let (outcome, evidence) =
        fold(vec![ready(), took(), opened(), load(), piece(LogSubject::LoadWhole, &bomb, true)]);
    assert_eq!(outcome, Err(InflateError::TooLong(LOG_INFLATED_BYTES_MAX).into()));
    assert_eq!(evidence.loads.len(), 1);
    assert!(evidence.logs[0].cut, "the beginning of the bomb is marked as cut");
}

#[test]
fn logs_beyond_the_total_are_cut_and_the_guest_goes_on() {
    let log = deflate(&vec![b'a'; LOG_INFLATED_BYTES_MAX]);
    let count = LOGS_BYTES_MAX / LOG_INFLATED_BYTES_MAX + 2;
    let pieces = (0..count).map(|n| piece(LogSubject::LoadAlone(n.to_string()), &log, true));
    let stream = [ready(), took(), opened()].into_iter().chain(pieces).chain([finished()]);
    let (outcome, evidence) = fold(stream.collect());
    assert_eq!(outcome, Ok(Some(End::Finished)));
    let kept: usize = evidence.logs.iter().map(|log| log.text.len()).sum();
    assert_eq!(kept, LOGS_BYTES_MAX);
    assert!(!evidence.logs[0].cut && evidence.logs[count - 1].cut);
}

#[test]
fn records_are_weighed_as_they_will_be_sealed() {
    let endless: [fn(usize) -> FromGuest; 3] = [
        |_| FromGuest::Map(MapCreate { map: "\u{1}".repeat(1 << 16), errno: None, without_flags: None }),
        |_| {
            let (program, none) = (String::new(), 0);
            let nobody =
                Loaded { program, verified_instructions: none, translated_bytes: none, jited_bytes: none };
            let loaded = vec![nobody; 1 << 12];
            FromGuest::Load(Load {
                scope: LoadScope::Whole,
                errno: None,
                loaded,
                counts: vec![],
                took_us: 0,
                unable: None,
                refused_at: None,
            })
        },
        |n| piece(LogSubject::Map(format!("{n}{}", "m".repeat(1 << 16))), &deflate(b""), true),
    ];
    for record in endless {
        let stream = [ready(), took(), opened()].into_iter().chain((0..300).map(record));
        let (outcome, evidence) = fold(stream.collect());
        assert_eq!(outcome, Err(Offence::TooLong));
        assert!(json_bytes(&evidence) < RECORDS_BYTES_MAX + 4096);
        assert!(json_bytes(&evidence) > RECORDS_BYTES_MAX / 2, "what came before is kept");
    }
    let facts = KernelFacts { lacks: vec!["x".repeat(RECORDS_BYTES_MAX)], ..KernelFacts::default() };
    let too_long = FromGuest::Ready { boot_nonce: NONCES.boot, facts, offers: None };
    assert_eq!(fold(vec![too_long]).0, Err(Offence::TooLong));
}

#[test]
fn a_guest_that_fills_everything_leaves_evidence_that_can_be_sealed() {
    // Bytes that grow: the first is escaped by two, the second replaced by three.
    let logs = [b'"', b'"', 0xff].into_iter().enumerate().map(|(n, byte)| {
        piece(LogSubject::LoadAlone(n.to_string()), &deflate(&vec![byte; LOG_INFLATED_BYTES_MAX]), true)
    });
    let names = (0..15)
        .map(|_| FromGuest::Map(MapCreate { map: "m".repeat(1 << 20), errno: None, without_flags: None }));
    let mut collector = Collector::new(NONCES, None);
    for message in [ready(), took(), opened()].into_iter().chain(logs).chain(names) {
        assert_eq!(collector.take(message), Ok(None));
    }
    let evidence = collector.into_evidence(guest(), "\"".repeat(3 << 20), "", End::Finished);
    let kept: usize = evidence.logs.iter().map(|log| log.text.len()).sum();
    assert!(kept > LOGS_BYTES_MAX - 4 && kept <= LOGS_BYTES_MAX, "{kept}");
    assert!(!evidence.logs[1].cut && evidence.logs[2].cut);
    assert!(json_bytes(&evidence) <= EVIDENCE_BYTES_MAX);
}

#[test]
fn a_guest_that_dies_in_the_middle_of_a_log_leaves_its_beginning() {
    let stream = deflate("verifier says no\n".repeat(5000).as_bytes());
    let (_, evidence) =
        fold(vec![ready(), took(), piece(LogSubject::LoadWhole, &stream[..stream.len() - 9], false)]);
    assert!(evidence.log(&LogSubject::LoadWhole).starts_with("verifier says no\n"));
    assert!(evidence.logs[0].cut);
}

#[test]
fn the_step_follows_what_was_said() {
    let mut collector = Collector::new(NONCES, None);
    let mut steps = vec![collector.step()];
    for message in [ready(), took(), opened(), load(), attach(), load()] {
        collector.take(message).unwrap();
        steps.push(collector.step());
    }
    assert_eq!(
        steps,
        [Step::Boot, Step::Boot, Step::Open, Step::Load, Step::Load, Step::Attach, Step::Attach]
    );
}

#[test]
fn splats_come_from_the_kernel_log_if_it_came_and_else_from_the_console() {
    let trouble = "<1>[    9.1] BUG: kernel NULL pointer dereference, address: 0000000000000000\n";
    let log = |text: &str| piece(LogSubject::Kernel, &deflate(text.as_bytes()), true);
    for (messages, splats) in [
        (vec![ready(), took(), log(trouble)], 1),
        (vec![ready(), took(), log("[    9.1] all is well\n")], 0),
        (vec![ready()], 1),
    ] {
        let mut collector = Collector::new(NONCES, None);
        messages.into_iter().for_each(|message| assert_eq!(collector.take(message), Ok(None)));
        let evidence = collector.into_evidence(guest(), String::new(), trouble, End::Finished);
        assert_eq!(evidence.splats.len(), splats, "{:?}", evidence.logs);
    }
}

#[test]
fn a_clone_begins_with_its_job_and_has_no_kernel_before() {
    let facts = Some(KernelFacts { release: "6.1".to_owned(), ..KernelFacts::default() });
    for (message, end, kernel) in [
        (took(), Ok(None), true),
        (ready(), Err(Offence::ReadyTwice), false),
        (opened(), Err(Offence::BeforeTook), false),
    ] {
        let mut collector = Collector::new(NONCES, facts.clone());
        assert_eq!(collector.take(message), end);
        let evidence = collector.into_evidence(guest(), String::new(), "", End::Died(String::new()));
        assert_eq!(evidence.kernel.is_some(), kernel, "a clone that never took its job saw no kernel");
    }
}

#[test]
fn offers_beyond_the_limits_are_not_kept() {
    use domain::offers::Offers;
    let ready = |name: &str| {
        let offers = Offers { kfuncs: Some(vec![name.to_owned()]), ..Offers::default() };
        let facts = KernelFacts::default();
        FromGuest::Ready { boot_nonce: NONCES.boot, facts, offers: Some(Box::new(offers)) }
    };
    let mut collector = Collector::new(NONCES, None);
    let refused = collector.take(ready("\u{1b}[2J"));
    assert!(matches!(refused, Err(Offence::Offers(_))), "{refused:?}");
    assert!(collector.into_kernel().is_none(), "no template is made of it");
    let mut collector = Collector::new(NONCES, None);
    collector.take(ready("bpf_iter_num_new")).expect("it is sound");
    let (_, offers) = collector.into_kernel().expect("it is ready");
    assert_eq!(offers.kfuncs, Some(vec!["bpf_iter_num_new".to_owned()]));
}
