//! What it does, by name.

use channel::Link;
use domain::evidence::{KernelFacts, Load, LoadScope, Loaded, LogSubject, MapCreate, Open};
use domain::frame::{Direction, FROM_GUEST_BYTES_MAX, encode};
use domain::message::{FromGuest, LogPiece, Nonce};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use nix::sys::reboot::{RebootMode, reboot};
use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

const MIB: usize = 1024 * 1024;

/// A nonce that nobody was given.
const FORGED: Nonce = Nonce([0x66; 32]);

/// Longer than the silence the test allows, and not by much: an answer that would still be heard
/// if the deadline were not kept.
const LATE: Duration = Duration::from_secs(7);

/// Misbehaves where an honest guest gets ready and waits for its job.
pub(crate) fn before_the_job(link: &Link, asked: &str, ready: &FromGuest) -> ! {
    match asked {
        "silence" => silence(),
        "half-frame" => half_frame(link, ready),
        "flood" => records(link),
        "forged-nonce" => {
            send(link, &FromGuest::Ready { boot_nonce: FORGED, facts: KernelFacts::default(), offers: None })
        }
        "chatter" => {
            send(link, ready);
            records(link);
        }
        unknown => panic!("there is no misdeed `{unknown}` before a job"),
    }
    silence()
}

/// Takes the job and misbehaves.
pub(crate) fn with_the_job(link: &Link, asked: &str, took: &FromGuest, finished: &FromGuest) -> ! {
    if asked == "forged-took" {
        send(link, &FromGuest::Took { boot_nonce: FORGED, job_nonce: FORGED, drawn: [0; 16] });
        silence();
    }
    send(link, took);
    match asked {
        "honest" => send(link, finished),
        "silence" => silence(),
        "late" => {
            pass(LATE);
            send(link, finished);
        }
        "half-frame" => half_frame(link, finished),
        "garbage" => link.write(b"login: root\nPassword: "),
        "oversize" => oversize(link),
        "forged-nonce" => send(link, &FromGuest::Finished { job_nonce: FORGED }),
        "flood" => flood(link),
        "records" => records(link),
        "lists" => lists(link),
        "names" => names(link),
        "endless-log" => endless_log(link),
        "bombs" => {
            bombs(link);
            send(link, finished);
        }
        "console" => console(),
        "exit" => panic!("the first process ends"),
        "panic" => std::fs::write("/proc/sysrq-trigger", "c").expect("a trigger"),
        "halt" => switch(RebootMode::RB_HALT_SYSTEM),
        "power-off" => switch(RebootMode::RB_POWER_OFF),
        "reboot" => switch(RebootMode::RB_AUTOBOOT),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "memory" => memory(),
        unknown => panic!("there is no misdeed `{unknown}`"),
    }
    silence()
}

fn send(link: &Link, message: &FromGuest) {
    link.send(message).expect("a message fits its frame");
}

fn frame(message: &FromGuest) -> Vec<u8> {
    encode(Direction::FromGuest, message).expect("a message fits its frame")
}

#[expect(clippy::disallowed_methods, reason = "there is no event to wait for")]
fn pass(duration: Duration) {
    std::thread::sleep(duration);
}

fn silence() -> ! {
    loop {
        pass(Duration::MAX);
    }
}

fn switch(mode: RebootMode) {
    reboot(mode).expect("the kernel obeys its first process");
}

fn half_frame(link: &Link, message: &FromGuest) {
    let frame = frame(message);
    link.write(&frame[..frame.len() / 2]);
}

/// A header that announces one byte more than is allowed, and bytes without end.
fn oversize(link: &Link) -> ! {
    let mut header = frame(&piece(LogSubject::Kernel, Vec::new(), false))[..8].to_vec();
    let announced = u32::try_from(FROM_GUEST_BYTES_MAX + 1).expect("the limit fits a header");
    header[4..].copy_from_slice(&announced.to_le_bytes());
    link.write(&header);
    loop {
        link.write(&[0; 4096]);
    }
}

/// The smallest messages there are that have no number of their own to be limited by.
fn flood(link: &Link) -> ! {
    let frames = frame(&piece(LogSubject::Kernel, Vec::new(), false)).repeat(1000);
    loop {
        link.write(&frames);
    }
}

fn opened(link: &Link) {
    send(link, &FromGuest::Opened(Open::default()));
}

fn records(link: &Link) -> ! {
    opened(link);
    loop {
        send(
            link,
            &FromGuest::Map(MapCreate { map: "one of many".to_owned(), errno: None, without_flags: None }),
        );
    }
}

/// Records that take ten times more memory than bytes on the way.
fn lists(link: &Link) -> ! {
    opened(link);
    let nobody =
        Loaded { program: String::new(), verified_instructions: 0, translated_bytes: 0, jited_bytes: 0 };
    let loaded = vec![nobody; 200_000];
    let frame = frame(&FromGuest::Load(Load {
        scope: LoadScope::Whole,
        errno: None,
        loaded,
        counts: vec![],
        took_us: 0,
        unable: None,
        refused_at: None,
    }));
    loop {
        link.write(&frame);
    }
}

/// Records whose text takes six times more bytes as JSON.
fn names(link: &Link) -> ! {
    opened(link);
    let frame =
        frame(&FromGuest::Map(MapCreate { map: "\u{1}".repeat(MIB - 64), errno: None, without_flags: None }));
    loop {
        link.write(&frame);
    }
}

fn piece(subject: LogSubject, deflated: Vec<u8>, last: bool) -> FromGuest {
    FromGuest::Log(LogPiece { subject, raw_bytes: 0, cut: false, deflated, last })
}

fn endless_log(link: &Link) -> ! {
    let mut log = ZlibEncoder::new(Vec::new(), Compression::fast());
    loop {
        log.write_all(&[b'a'; MIB]).expect("memory takes everything");
        let deflated = std::mem::take(log.get_mut());
        send(link, &piece(LogSubject::LoadWhole, deflated, false));
    }
}

/// Logs within their own limit, each of a few kilobytes and of fifteen mebibytes once inflated, and
/// of three times that once they are text.
fn bombs(link: &Link) {
    let mut log = ZlibEncoder::new(Vec::new(), Compression::fast());
    log.write_all(&vec![0xff; 15 * MIB]).expect("memory takes everything");
    let deflated = log.finish().expect("memory takes everything");
    for number in 0..8 {
        send(link, &piece(LogSubject::LoadAlone(format!("bomb {number}")), deflated.clone(), true));
    }
}

fn console() -> ! {
    let mut console = File::options().write(true).open("/dev/console").expect("a console");
    loop {
        console.write_all(&[b'x'; 4096]).expect("a console takes everything");
    }
}

fn memory() -> ! {
    let mut taken = Vec::new();
    loop {
        taken.push(vec![1_u8; MIB]);
        std::hint::black_box(&taken);
    }
}
