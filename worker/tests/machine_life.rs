//! Real QEMU processes: each ends when it should, and none outlives whoever started it.
//!
//! What they boot is not Linux: a few instructions of real-mode code in a kernel image's clothes
//! are enough to be silent, to speak nonsense, to flood the console and to switch off. Where the
//! process matters and not the guest, the kernel is a FIFO: QEMU opens it and waits for bytes
//! that never come, and the FIFO's other end tells the test when QEMU came and when it went.

#![allow(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use bytes::Bytes;
use domain::digest::Digest;
use domain::evidence::{Accelerator, End, Evidence, Start};
use domain::kernel::Series;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use worker::guest::watchdog::Limits;
use worker::jail::Jail;
use worker::machine::{BootFiles, Hypervisor, MachineError, Order, Qemu, Step, prove_accelerator};

/// Longer than anything here takes, so that a deadline that fires is a failure and not a hang.
const LONG: Duration = Duration::from_secs(120);

/// Any series: no kernel runs here.
const SERIES: Series = Series { major: 6, minor: 12 };

async fn qemu() -> Qemu {
    let search_path = std::env::var("PATH").expect("a search path");
    Qemu::find(None, &search_path).await.expect("these tests need QEMU")
}

fn jail(qemu: &Qemu) -> Arc<Jail> {
    Arc::new(Jail::probe(&qemu.program, Arc::default()))
}

async fn hypervisor() -> Hypervisor {
    let qemu = qemu().await;
    let jail = jail(&qemu);
    Hypervisor::new(qemu, Accelerator::Tcg, jail).expect("a thread")
}

fn order(vmlinuz: PathBuf, directory: &TempDir) -> Order {
    let initramfs = directory.path().join("initramfs");
    std::fs::write(&initramfs, b"never unpacked").unwrap();
    let files = BootFiles { series: SERIES, vmlinuz, initramfs, modules: vec![] };
    let (object, object_digest) = (Bytes::from_static(b"object"), Digest::of(b"object"));
    Order { object, object_digest, start: Start::Cold, ..Order::of(files, 64 << 20, LONG) }
}

/// A kernel image that QEMU accepts and whose set-up code is `code`. The offsets are those of the
/// Linux/x86 boot protocol 2.3: set-up sectors, signature, jump, magic, version, highest address
/// of an initramfs.
fn image(directory: &TempDir, code: &[u8]) -> PathBuf {
    let mut image = vec![0; 0x270];
    image[0x1f1] = 4;
    image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    image[0x200..0x202].copy_from_slice(&[0xeb, 0x6e]);
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x206..0x208].copy_from_slice(&0x0203u16.to_le_bytes());
    image[0x22c..0x230].copy_from_slice(&0x37ff_ffffu32.to_le_bytes());
    image.extend_from_slice(code);
    image.resize(0x2000, 0);
    let path = directory.path().join("vmlinuz");
    std::fs::write(&path, image).unwrap();
    path
}

/// Instructions that write `text` to `port`.
fn say(port: u16, text: &[u8]) -> Vec<u8> {
    let [low, high] = port.to_le_bytes();
    let mut code = vec![0xba, low, high];
    code.extend(text.iter().flat_map(|byte| [0xb0, *byte, 0xee]));
    code
}

const CONSOLE: u16 = 0x3f8;
const LINK: u16 = 0xe9;
const HALT: [u8; 4] = [0xfa, 0xf4, 0xeb, 0xfd];
/// A reset through the keyboard controller, which ends QEMU.
const SWITCH_OFF: [u8; 4] = [0xb0, 0xfe, 0xe6, 0x64];

/// The evidence of a guest that runs `code`.
async fn evidence_of(code: &[u8], boot: Duration) -> Evidence {
    let directory = TempDir::new().unwrap();
    let order = order(image(&directory, code), &directory);
    let limits = Limits { boot, silence: LONG, job: LONG };
    let (steps, _) = watch::channel(Step::Boot);
    let asked = hypervisor().await;
    let evidence = asked.ask(&order, limits, &steps, &CancellationToken::new()).await.unwrap();
    assert!(evidence.kernel.is_none() && !evidence.guest.nonce_ok);
    evidence
}

#[tokio::test]
async fn a_silent_guest_meets_its_deadline() {
    let evidence = evidence_of(&HALT, Duration::from_millis(300)).await;
    assert_eq!(evidence.end, End::Deadline("boot".to_owned()));
}

#[tokio::test]
async fn a_guest_that_switches_off_leaves_its_last_line() {
    let code =
        [say(CONSOLE, b"Kernel panic - not syncing: no init\r\n").as_slice(), &SWITCH_OFF, &HALT].concat();
    let evidence = evidence_of(&code, LONG).await;
    let End::Died(how) = &evidence.end else { panic!("{:?}", evidence.end) };
    assert!(how.ends_with("last console line: Kernel panic - not syncing: no init"), "{how}");
    assert!(evidence.console.contains("Kernel panic"), "{}", evidence.console);
}

#[tokio::test]
async fn a_guest_that_speaks_nonsense_is_cut_off() {
    let code = [say(LINK, b"login: root\n").as_slice(), &HALT].concat();
    let evidence = evidence_of(&code, LONG).await;
    assert!(matches!(&evidence.end, End::Misbehaved(_)), "{:?}", evidence.end);
}

#[tokio::test]
async fn a_flood_on_the_console_neither_fills_memory_nor_hides_the_deadline() {
    let flood = [say(CONSOLE, b"first line\n").as_slice(), &[0xb0, b'x', 0xee, 0xeb, 0xfd]].concat();
    let evidence = evidence_of(&flood, Duration::from_secs(4)).await;
    assert_eq!(evidence.end, End::Deadline("boot".to_owned()));
    assert!(evidence.console.starts_with("first line\nxxx"));
    assert!(evidence.console.len() < 2 << 20);
}

#[tokio::test]
async fn a_kernel_that_is_not_there_is_no_evidence() {
    let directory = TempDir::new().unwrap();
    let order = order(directory.path().join("absent"), &directory);
    let (steps, _) = watch::channel(Step::Boot);
    let error = hypervisor().await.answer(order, steps, CancellationToken::new()).await.unwrap_err();
    assert!(matches!(&error, MachineError::FindBootFile { path, .. } if path.ends_with("absent")), "{error}");
}

#[tokio::test]
async fn kvm_is_believed_only_after_a_guest_was_ready() {
    let directory = TempDir::new().unwrap();
    let boot = BootFiles {
        series: SERIES,
        vmlinuz: image(&directory, &[SWITCH_OFF, HALT].concat()),
        initramfs: order(PathBuf::new(), &directory).initramfs,
        modules: vec![],
    };
    let qemu = qemu().await;
    let proof = prove_accelerator(&qemu, jail(&qemu), &boot).await.unwrap();
    assert_eq!(proof.accelerator, Accelerator::Tcg);
    assert!(proof.reason.contains("/dev/kvm"), "{}", proof.reason);
}

/// Waits until QEMU has opened the FIFO at `path`.
async fn opened(path: &Path) -> File {
    let (sender, receiver) = oneshot::channel();
    let path = path.to_owned();
    std::thread::spawn(move || sender.send(File::options().write(true).open(path)));
    tokio::time::timeout(LONG, receiver).await.expect("QEMU opens its kernel").unwrap().unwrap()
}

/// Whether the process at the other end of the FIFO is gone, or goes within `patience`.
fn gone(gate: &File, patience: PollTimeout) -> bool {
    let mut ends = [PollFd::new(gate.as_fd(), PollFlags::empty())];
    poll(&mut ends, patience).unwrap();
    ends[0].revents().unwrap().contains(PollFlags::POLLERR)
}

fn fifo(directory: &TempDir) -> PathBuf {
    let path = directory.path().join("vmlinuz");
    nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o644)).unwrap();
    path
}

#[tokio::test]
async fn a_cancelled_machine_is_gone_when_the_answer_comes() {
    let directory = TempDir::new().unwrap();
    let path = fifo(&directory);
    let (hypervisor, cancel) = (hypervisor().await, CancellationToken::new());
    let (steps, _) = watch::channel(Step::Boot);
    let answer = hypervisor.answer(order(path.clone(), &directory), steps, cancel.clone());
    let cancelled = async {
        let gate = opened(&path).await;
        assert!(!gone(&gate, PollTimeout::ZERO));
        cancel.cancel();
        gate
    };
    let (answered, gate) = tokio::join!(answer, cancelled);
    assert!(matches!(answered, Err(MachineError::Cancelled)));
    assert!(gone(&gate, PollTimeout::ZERO));
}

#[tokio::test]
async fn a_forgotten_machine_goes_too() {
    let directory = TempDir::new().unwrap();
    let path = fifo(&directory);
    let hypervisor = hypervisor().await;
    let (steps, _) = watch::channel(Step::Boot);
    let answer = hypervisor.answer(order(path.clone(), &directory), steps, CancellationToken::new());
    let gate = tokio::select! {
        answered = answer => panic!("nobody answers: {answered:?}"),
        gate = opened(&path) => gate,
    };
    let went = tokio::task::spawn_blocking(move || gone(&gate, PollTimeout::try_from(LONG).unwrap()));
    assert!(went.await.unwrap());
}

/// Names the FIFO for the process that plays the worker to be killed.
const VICTIM: &str = "MACHINE_LIFE_VICTIM";

#[tokio::test]
async fn qemu_dies_with_a_worker_that_is_killed() {
    let directory = TempDir::new().unwrap();
    if let Some(path) = std::env::var_os(VICTIM) {
        let (steps, _) = watch::channel(Step::Boot);
        let order = order(PathBuf::from(path), &directory);
        let answered = hypervisor().await.answer(order, steps, CancellationToken::new()).await;
        panic!("nobody answers: {answered:?}");
    }
    let path = fifo(&directory);
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "qemu_dies_with_a_worker_that_is_killed"])
        .env(VICTIM, &path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let gate = opened(&path).await;
    assert!(!gone(&gate, PollTimeout::ZERO));
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert!(gone(&gate, PollTimeout::try_from(LONG).unwrap()));
}
