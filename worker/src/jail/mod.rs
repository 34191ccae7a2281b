//! What a QEMU is deprived of between fork and exec.
//!
//! In: nothing but the host it runs on, which is tried and not guessed. Out: a [`Confinement`] per
//! QEMU, to be entered by its process:
//!
//! ```text
//!   control group ─► namespaces ─► limits ─► user ─► capabilities ─► dies with the worker ─► exec
//! ```
//!
//! What the host does not allow is a [`Degradation`]: logged once, counted at each start, and
//! forbidden by a setting. Absent on purpose: seccomp, which QEMU puts on itself, and what
//! concerns the descriptors it inherits.

mod capabilities;
mod cgroup;
mod degradation;
mod lifeline;
mod limits;
mod namespaces;

pub use cgroup::Group;
pub use degradation::{Degradation, Forbidden, Lack, Settings};

use crate::tally::{Event, Tally};
use cgroup::ControlGroups;
use lifeline::Lifeline;
use namespaces::{Inherited, Namespaces, ProcessNamespaces};
use nix::sys::prctl::set_no_new_privs;
use nix::unistd::{Gid, Uid, geteuid, setgroups, setresgid, setresuid, write};
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The first user a machine may run as; far above those that people and containers are given.
const USER_FIRST: u32 = 2_000_000_000;

/// How many users there are for machines; each worker begins anywhere among them.
const USERS: u32 = 100_000_000;

/// Address space with which parts of the jail are tried.
const TRIAL_MEMORY_BYTES: u64 = 0;

/// What this host allows; one for each worker.
#[derive(Debug)]
pub struct Jail {
    worker: i32,
    users: bool,
    namespaces: Option<Arc<Namespaces>>,
    processes: Option<ProcessNamespaces>,
    groups: Option<ControlGroups>,
    kvm: Option<Gid>,
    next: AtomicU32,
    lacks: Vec<Lack>,
    tally: Arc<Tally>,
}

/// What one process is confined to.
#[derive(Debug)]
pub struct Confinement {
    worker: i32,
    memory_bytes: u64,
    user: Option<u32>,
    kvm: Option<Gid>,
    namespaces: Option<Arc<Namespaces>>,
    processes: bool,
    door: Option<File>,
    files: Vec<Inherited>,
}

impl Jail {
    /// Finds out what this host allows a `program` by doing it with a process that does nothing,
    /// and says in the log what it does not allow.
    pub fn probe(program: &Path, tally: Arc<Tally>) -> Self {
        let mut jail = Self {
            worker: own_number(),
            users: false,
            namespaces: None,
            processes: None,
            groups: None,
            kvm: kvm_group(),
            next: AtomicU32::new(rand::random::<u32>() % USERS),
            lacks: Vec::new(),
            tally,
        };
        jail.try_users();
        jail.try_namespaces(program);
        jail.try_processes();
        match ControlGroups::take_over() {
            Ok(groups) => jail.groups = Some(groups),
            Err(because) => jail.lack(Degradation::NoControlGroup, because),
        }
        for lack in &jail.lacks {
            tracing::warn!(
                degradation = lack.degradation.name(),
                remedy = lack.degradation.remedy(),
                "jail degraded: {lack}"
            );
        }
        jail
    }

    /// What is missing here.
    pub fn lacks(&self) -> &[Lack] {
        &self.lacks
    }

    /// A confinement with a user that no other machine of this worker has, for a QEMU whose guest
    /// has `guest_memory_bytes` and which needs `host_memory_bytes` with it; and the group to be
    /// kept until its process is reaped. Counts the start if something is missing.
    ///
    /// # Errors
    /// The control group could not be made.
    pub fn confinement(
        &self,
        guest_memory_bytes: u64,
        host_memory_bytes: u64,
    ) -> io::Result<(Confinement, Option<Group>)> {
        let group = self.groups.as_ref().map(|groups| groups.machine(host_memory_bytes, limits::THREADS_MAX));
        let group = group.transpose()?;
        if !self.lacks.is_empty() {
            self.tally.count(Event::StartDegraded);
        }
        let user = USER_FIRST + self.next.fetch_add(1, Ordering::Relaxed) % USERS;
        let confinement = Confinement {
            worker: self.worker,
            memory_bytes: guest_memory_bytes,
            user: self.users.then_some(user),
            kvm: self.kvm,
            namespaces: self.namespaces.clone(),
            processes: self.processes.is_some(),
            door: group.as_ref().map(Group::door).transpose()?,
            files: Vec::new(),
        };
        Ok((confinement, group))
    }

    /// Calls `spawn`, which starts one process. The calling thread must not start a thread in it.
    ///
    /// # Errors
    /// The operating system refused a process namespace, or what `spawn` says.
    pub fn start<T>(&self, spawn: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match &self.processes {
            Some(processes) => processes.start(spawn),
            None => spawn(),
        }
    }

    fn try_users(&mut self) {
        let refused = io::Error::from(io::ErrorKind::PermissionDenied);
        let tried = if geteuid().is_root() {
            self.attempt(Confinement { user: Some(USER_FIRST), ..self.nothing() }, None)
        } else {
            Err(refused)
        };
        self.users = self.allowed(Degradation::SharedUser, tried).is_some();
    }

    fn try_namespaces(&mut self, program: &Path) {
        let namespaces = Arc::new(Namespaces::of(program));
        let confinement = Confinement { namespaces: Some(Arc::clone(&namespaces)), ..self.nothing() };
        let tried = self.attempt(confinement, None).map(|()| namespaces);
        self.namespaces = self.allowed(Degradation::SharedNamespaces, tried);
    }

    /// Only with mounts of its own, or its `/proc` would be the host's.
    fn try_processes(&mut self) {
        let namespaces = self.namespaces.clone();
        let tried = namespaces.ok_or_else(|| io::ErrorKind::PermissionDenied.into()).and_then(|namespaces| {
            let processes = ProcessNamespaces::new()?;
            let confinement = Confinement { namespaces: Some(namespaces), processes: true, ..self.nothing() };
            self.attempt(confinement, Some(&processes)).map(|()| processes)
        });
        self.processes = self.allowed(Degradation::SharedProcesses, tried);
    }

    fn nothing(&self) -> Confinement {
        let (worker, kvm) = (self.worker, self.kvm);
        Confinement {
            worker,
            memory_bytes: TRIAL_MEMORY_BYTES,
            user: None,
            kvm,
            namespaces: None,
            processes: false,
            door: None,
            files: Vec::new(),
        }
    }

    fn allowed<T>(&mut self, degradation: Degradation, tried: io::Result<T>) -> Option<T> {
        tried.map_err(|error| self.lack(degradation, error.to_string())).ok()
    }

    fn lack(&mut self, degradation: Degradation, because: String) {
        self.lacks.push(Lack { degradation, because });
    }

    /// Confines a process that ends at once, on a thread of its own: a process namespace is chosen
    /// for a thread, and the caller's is a runtime's.
    fn attempt(&self, confinement: Confinement, processes: Option<&ProcessNamespaces>) -> io::Result<()> {
        let mut command = Command::new("/bin/true");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        confinement.on(&mut command);
        let run = || {
            let mut child = match processes {
                Some(processes) => processes.start(|| command.spawn())?,
                None => command.spawn()?,
            };
            child.wait()
        };
        let status = std::thread::scope(|scope| {
            std::thread::Builder::new().spawn_scoped(scope, run)?.join().expect("nothing here panics")
        })?;
        if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
    }
}

impl Confinement {
    /// Has the process find the file at `path`, which it inherits as `descriptor`, on its own
    /// read-only mounts.
    ///
    /// # Errors
    /// The path has a zero byte.
    pub fn inherits(&mut self, descriptor: RawFd, path: &Path) -> io::Result<()> {
        let path = CString::new(std::path::absolute(path)?.into_os_string().into_vec())?;
        self.files.push(Inherited { descriptor, path });
        Ok(())
    }

    /// Confines what `command` starts. To be called after everything else that is done to it: the
    /// process may do little afterwards.
    pub fn on(self, command: &mut Command) {
        let enter = move || self.enter();
        // SAFETY: between fork and exec `enter` only makes system calls, all of them
        // async-signal-safe; nothing is allocated and no lock is taken.
        #[allow(unsafe_code, reason = "there is no safe way to run code between fork and exec")]
        unsafe {
            command.pre_exec(enter);
        }
    }

    fn enter(&self) -> io::Result<()> {
        let lifeline = Lifeline::open()?;
        if let Some(door) = &self.door {
            write(door, b"0")?;
        }
        if let Some(namespaces) = &self.namespaces {
            namespaces.enter(self.processes, &self.files)?;
        }
        limits::apply(self.memory_bytes, self.user.is_some())?;
        capabilities::empty_bounding_set()?;
        if let Some(user) = self.user {
            setgroups(self.kvm.as_slice())?;
            let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
            setresgid(gid, gid, gid)?;
            setresuid(uid, uid, uid)?;
        }
        capabilities::empty()?;
        lifeline.tie(self.worker)?;
        set_no_new_privs()?;
        Ok(())
    }
}

/// The number of this process in `/proc`, which is the host's where the host's is mounted.
fn own_number() -> i32 {
    let link = std::fs::read_link("/proc/self").ok();
    let number = link.and_then(|link| link.to_str()?.parse().ok());
    number.unwrap_or_else(|| nix::unistd::getpid().as_raw())
}

/// The group that may use hardware virtualisation, where it is not everybody or only root.
fn kvm_group() -> Option<Gid> {
    let device = std::fs::metadata("/dev/kvm").ok()?;
    let (group, may) = (device.gid(), device.mode() & 0o060 == 0o060);
    (may && group != 0).then(|| Gid::from_raw(group))
}
