//! The jail as `/proc` shows it: of a clone that answers, and of a QEMU whose worker is not root.
//!
//! What the host does not allow is not skipped: it must be what the jail says is missing.

#![allow(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use bytes::Bytes;
use domain::digest::Digest;
use domain::evidence::{Accelerator, Start};
use domain::kernel::Series;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, geteuid};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use worker::jail::{Degradation, Jail};
use worker::kernel::{Library, Settings};
use worker::machine::{BootFiles, Hypervisor, Order, Qemu, Step, template};
use worker::tally::{Event, Tally};

/// Longer than anything here takes, so that a deadline that fires is a failure and not a hang.
const LONG: Duration = Duration::from_secs(300);

/// Garbage that an emulated guest needs a while to digest: it is looked at meanwhile.
const OBJECT_BYTES: usize = 8 << 20;

struct Host {
    hypervisor: Hypervisor,
    lacks: BTreeSet<Degradation>,
    tally: Arc<Tally>,
    templates: TempDir,
}

async fn host() -> Host {
    let qemu = Qemu::find(None, &std::env::var("PATH").unwrap()).await.expect("these tests need QEMU");
    let (tally, templates) = (Arc::<Tally>::default(), TempDir::new().unwrap());
    let jail = Arc::new(Jail::probe(&qemu.program, Arc::clone(&tally)));
    eprintln!("this host lacks {:?}", jail.lacks());
    let lacks = jail.lacks().iter().map(|lack| lack.degradation).collect();
    let hypervisor = Hypervisor::new(qemu, Accelerator::Tcg, jail).unwrap();
    let dir = templates.path().to_owned();
    let hypervisor = hypervisor.with_templates(dir, &template::Settings::default(), Arc::clone(&tally));
    Host { hypervisor, lacks, tally, templates }
}

fn order(vmlinuz: PathBuf, initramfs: PathBuf, start: Start) -> Order {
    let files = BootFiles { series: Series { major: 6, minor: 12 }, vmlinuz, initramfs, modules: vec![] };
    let object = Bytes::from(vec![0; OBJECT_BYTES]);
    let object_digest = Digest::of(&object);
    Order { object, object_digest, start, ..Order::of(files, 1 << 30, LONG) }
}

/// A newest 6.12 of those that every test of this project boots.
async fn order_for_a_clone() -> Order {
    let data_dir = std::env::var_os("BPFCOMPAT_DATA_DIR").unwrap_or("/var/lib/bpfcompat".into());
    let library = Library::open(&Path::new(&data_dir).join("kernels"), Settings::default()).unwrap();
    let kernels = library.catalogue(Duration::MAX, &|_| ()).await.unwrap().kernels;
    let fits = |release: &str| release.starts_with("6.12.") && release.contains("cloud");
    let kernel = kernels.iter().rfind(|kernel| fits(&kernel.release)).expect("a 6.12 in the catalogue");
    let bundle = library.bundle(kernel, &|_| ()).await.unwrap();
    let validator = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target/x86_64-unknown-linux-gnu/guest/bpfcompat-validator");
    let initramfs = bundle.initramfs(&fs::read(validator).expect("`make validator` first"), None).unwrap();
    let mut order = order(bundle.vmlinuz.clone(), initramfs.path.clone(), Start::Clone);
    order.modules = initramfs.modules;
    order
}

/// A process as `/proc` shows it.
struct Process(PathBuf);

impl Process {
    /// The child of this process that was started with `argument`.
    fn child_with(argument: &str) -> Self {
        let own = std::process::id().to_string();
        let mut all = fs::read_dir("/proc").unwrap().flatten().map(|entry| Self(entry.path()));
        all.find(|process| {
            let arguments = fs::read(process.0.join("cmdline")).unwrap_or_default();
            let started = arguments.split(|byte| *byte == 0).any(|it| it == argument.as_bytes());
            started && process.field("PPid") == [own.as_str()]
        })
        .expect("a QEMU of this process")
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.file_name().unwrap().to_str().unwrap().parse().unwrap())
    }

    fn field(&self, name: &str) -> Vec<String> {
        let status = fs::read_to_string(self.0.join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    }

    fn namespace(&self, kind: &str) -> PathBuf {
        fs::read_link(self.0.join("ns").join(kind)).unwrap()
    }

    fn limit(&self, name: &str) -> String {
        let limits = self.read("limits");
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let values: Vec<&str> = line.split_whitespace().take(2).collect();
        assert_eq!(values[0], values[1], "soft and hard limit of {name}");
        values[0].to_owned()
    }

    /// Names in a folder as the process sees it.
    fn folder(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.0.join("root").join(path)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

/// Everything that holds for a QEMU on a host that lacks `lacks`.
fn assert_jailed(qemu: &Process, lacks: &BTreeSet<Degradation>) {
    let (has, worker) = (|part| !lacks.contains(&part), Process("/proc/self".into()));
    assert_eq!((qemu.field("NoNewPrivs"), qemu.field("Seccomp")), (vec!["1".into()], vec!["2".into()]));
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(qemu.field(set), ["0000000000000000"], "{set}");
    }
    for (name, limit) in [
        ("Max core file size", "0"),
        ("Max file size", "0"),
        ("Max locked memory", "0"),
        ("Max open files", "256"),
        ("Max address space", "3221225472"),
    ] {
        assert_eq!(qemu.limit(name), limit, "{name}");
    }
    let uid: u32 = qemu.field("Uid")[0].parse().unwrap();
    assert!(qemu.field("Uid").iter().all(|id| *id == uid.to_string()));
    if has(Degradation::SharedUser) {
        assert!(uid >= 2_000_000_000, "{uid}");
        assert_eq!(qemu.field("Gid"), qemu.field("Uid"));
        assert!(qemu.field("Groups").len() <= 1, "{:?}", qemu.field("Groups"));
        assert_eq!(qemu.limit("Max processes"), "256");
    } else {
        assert_eq!(uid, geteuid().as_raw());
    }
    for (kind, part) in [
        ("net", Degradation::SharedNamespaces),
        ("mnt", Degradation::SharedNamespaces),
        ("ipc", Degradation::SharedNamespaces),
        ("uts", Degradation::SharedNamespaces),
        ("pid", Degradation::SharedProcesses),
    ] {
        assert_eq!(qemu.namespace(kind) != worker.namespace(kind), has(part), "{kind}");
    }
    if has(Degradation::SharedNamespaces) {
        assert_eq!(qemu.field("CapBnd"), ["0000000000000000"]);
        assert_nothing_of_the_host(qemu);
    }
    if has(Degradation::SharedProcesses) {
        assert_eq!(qemu.field("NSpid"), [qemu.pid().to_string().as_str(), "1"]);
        let numbers = qemu.folder("proc").into_iter().filter(|name| name.parse::<u32>().is_ok());
        assert_eq!(numbers.collect::<Vec<_>>(), ["1"]);
    }
    assert_eq!(qemu.read("cgroup").contains("/machine-"), has(Degradation::NoControlGroup));
    assert_no_file_can_be_written(qemu, has(Degradation::SharedNamespaces));
}

/// No network, no mount that can be written, nothing of people and services to be seen.
fn assert_nothing_of_the_host(qemu: &Process) {
    let devices = qemu.read("net/dev");
    assert!(devices.lines().skip(2).all(|line| line.trim_start().starts_with("lo:")), "{devices}");
    let mounts = qemu.read("mountinfo");
    let writable =
        mounts.lines().find(|line| !line.split(' ').nth(5).unwrap().split(',').any(|it| it == "ro"));
    assert_eq!(writable, None);
    for hidden in ["tmp", "home", "root", "run", "var"] {
        assert_eq!(qemu.folder(hidden), [""; 0], "{hidden}");
    }
}

/// What is open: pipes, sockets and the kernel's own objects; files in memory that are sealed;
/// and nothing else but for reading.
fn assert_no_file_can_be_written(qemu: &Process, has_own_mounts: bool) {
    for entry in fs::read_dir(qemu.0.join("fd")).unwrap().flatten() {
        let (number, target) = (entry.file_name(), fs::read_link(entry.path()).unwrap());
        let (number, target) = (number.to_str().unwrap(), target.to_str().unwrap());
        if ["pipe:", "socket:", "anon_inode:", "/dev/null"].iter().any(|kind| target.starts_with(kind)) {
            continue;
        }
        if target.starts_with("/memfd:") {
            let file = fs::File::open(entry.path()).unwrap();
            let seals = SealFlag::from_bits_truncate(fcntl(&file, FcntlArg::F_GET_SEALS).unwrap());
            assert!(seals.contains(SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_SEAL), "{number} {target}");
            continue;
        }
        let file = fs::metadata(entry.path()).unwrap().is_file();
        if file && has_own_mounts {
            // A file is as writable as the mount it was found on, whatever it was opened for.
            let written = fs::File::options().write(true).open(entry.path()).unwrap_err();
            assert_eq!(written.kind(), ErrorKind::ReadOnlyFilesystem, "{number} {target}");
        }
        let info = qemu.read(&format!("fdinfo/{number}"));
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        assert!(flags.ends_with(['0', '4']), "descriptor {number} is {target}, open for writing: {flags}");
    }
}

#[tokio::test]
async fn a_clone_that_answers_is_jailed() {
    if std::env::var_os(PLAIN_USER).is_some() {
        return;
    }
    let Host { hypervisor, lacks, tally, templates: _templates } = host().await;
    let order = order_for_a_clone().await;
    hypervisor.warm(&order).await.unwrap();
    let mut users = BTreeSet::new();
    for _ in 0..2 {
        let (steps, mut step) = watch::channel(Step::Boot);
        let answer = hypervisor.answer(order.clone(), steps, CancellationToken::new());
        tokio::pin!(answer);
        tokio::select! { biased;
            answered = &mut answer => panic!("it answered before it took its job: {answered:?}"),
            open = step.wait_for(|step| *step == Step::Open) => drop(open.unwrap()),
        }
        let clone = Process::child_with("-incoming");
        kill(clone.pid(), Signal::SIGSTOP).unwrap();
        assert_jailed(&clone, &lacks);
        users.insert(clone.field("Uid"));
        kill(clone.pid(), Signal::SIGCONT).unwrap();
        let evidence = answer.await.unwrap();
        assert_eq!(evidence.guest.start, Start::Clone);
    }
    assert_eq!(users.len() == 2, !lacks.contains(&Degradation::SharedUser));
    assert_eq!(tally.of(Event::StartDegraded) > 0, !lacks.is_empty());
}

/// Set for the process that plays a worker without rights.
const PLAIN_USER: &str = "JAIL_PLAIN_USER";

/// A user without rights, as Debian has it.
const NOBODY: &str = "65534";

#[tokio::test]
async fn a_worker_that_is_not_root_says_what_is_missing_and_does_the_rest() {
    if geteuid().is_root() {
        let status = Command::new("setpriv")
            .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "a_worker_that_is_not_root_says_what_is_missing_and_does_the_rest"])
            .env(PLAIN_USER, "1")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let Host { hypervisor, lacks, tally, templates } = host().await;
    let namespaces = Command::new("unshare").args(["--user", "--net", "--mount", "true"]).status().unwrap();
    assert_eq!(lacks.contains(&Degradation::SharedNamespaces), !namespaces.success());
    assert!(lacks.contains(&Degradation::SharedUser) && lacks.contains(&Degradation::SharedProcesses));

    // QEMU opens its kernel and waits for bytes that never come.
    let vmlinuz = templates.path().join("vmlinuz");
    nix::unistd::mkfifo(&vmlinuz, Mode::from_bits_truncate(0o600)).unwrap();
    fs::set_permissions(&vmlinuz, fs::Permissions::from_mode(0o644)).unwrap();
    let initramfs = templates.path().join("initramfs");
    fs::write(&initramfs, b"never unpacked").unwrap();
    let order = order(vmlinuz.clone(), initramfs, Start::Cold);
    let (steps, _) = watch::channel(Step::Boot);
    let (opened, gate) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || opened.send(fs::File::options().write(true).open(vmlinuz)));
    let _gate = tokio::select! {
        answered = hypervisor.answer(order, steps, CancellationToken::new()) => panic!("{answered:?}"),
        gate = tokio::time::timeout(LONG, gate) => gate.expect("QEMU opens its kernel").unwrap().unwrap(),
    };
    // Dropping the answer kills QEMU soon; it is looked at before anything else runs.
    assert_jailed(&Process::child_with("-sandbox"), &lacks);
    assert_eq!(tally.of(Event::StartDegraded), 1);
}
