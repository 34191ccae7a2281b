//! What a QEMU is deprived of between fork and exec.
//!
//! In: nothing but the host it runs on, which is tried and not guessed. Out: a [`Confinement`] per QEMU,
//! to be entered by its process: a user nobody else has (and no group but that of `/dev/kvm`), no
//! capabilities, and namespaces of its
//! own in which there is no network and every mount is read-only.
//!
//! What the host does not allow is left out, and said so in the log. Absent on purpose: seccomp,
//! which QEMU puts on itself, and what concerns the descriptors it inherits.

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, geteuid, setgroups, setresgid, setresuid};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The first user a machine may run as; far above those that people and containers are given.
const USER_FIRST: u32 = 2_000_000_000;

/// How many users there are for machines; each worker begins anywhere among them.
const USERS: u32 = 100_000_000;

/// Threads of one QEMU; with one guest processor it has about five.
const THREADS_MAX: u64 = 256;

/// Set and locked: no privileges for user 0, none kept, none ambient (linux/securebits.h).
const SECUREBITS: libc::c_ulong = 0xeb;

/// What this host allows.
#[derive(Debug)]
pub struct Jail {
    users: bool,
    namespaces: bool,
    kvm: Option<Gid>,
    next: AtomicU32,
}

/// What one process is confined to.
#[derive(Debug, Clone, Copy)]
pub struct Confinement {
    user: Option<u32>,
    kvm: Option<Gid>,
    namespaces: bool,
}

impl Jail {
    /// Finds out what this host allows by doing it with a process that does nothing.
    pub fn probe() -> Self {
        let (root, kvm) = (geteuid().is_root(), kvm_group());
        let users = root && tried(Confinement { user: Some(USER_FIRST), kvm, namespaces: false });
        let namespaces = root && tried(Confinement { user: None, kvm, namespaces: true });
        if !users {
            tracing::warn!("jail degraded: QEMU runs as the worker's own user; run the worker as root");
        }
        if !namespaces {
            tracing::warn!("jail degraded: QEMU shares the host's namespaces; allow unshare and mount");
        }
        Self { users, namespaces, kvm, next: AtomicU32::new(rand::random::<u32>() % USERS) }
    }

    /// A confinement with a user that no other machine of this worker has.
    pub fn confinement(&self) -> Confinement {
        let user = USER_FIRST + self.next.fetch_add(1, Ordering::Relaxed) % USERS;
        Confinement { user: self.users.then_some(user), kvm: self.kvm, namespaces: self.namespaces }
    }
}

impl Confinement {
    /// Confines the calling process for ever. Only makes system calls, so that it may run between
    /// fork and exec; a signal to be had at the parent's death is to be asked for afterwards.
    ///
    /// # Errors
    /// The first thing the operating system refused.
    pub fn enter(&self) -> io::Result<()> {
        if self.namespaces {
            let own = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS;
            unshare(own | CloneFlags::CLONE_NEWNS)?;
            make_mounts_read_only()?;
        }
        setrlimit(Resource::RLIMIT_MEMLOCK, 0, 0)?;
        let Some(user) = self.user else { return Ok(()) };
        setrlimit(Resource::RLIMIT_NPROC, THREADS_MAX, THREADS_MAX)?;
        drop_bounding_set()?;
        setgroups(self.kvm.as_slice())?;
        let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
        setresgid(gid, gid, gid)?;
        // Takes the effective, permitted and ambient capabilities with it.
        setresuid(uid, uid, uid)?;
        Ok(())
    }
}

/// The group that may use hardware virtualisation, where it is not everybody or only root.
fn kvm_group() -> Option<Gid> {
    let device = std::fs::metadata("/dev/kvm").ok()?;
    let (group, may) = (device.gid(), device.mode() & 0o060 == 0o060);
    (may && group != 0).then(|| Gid::from_raw(group))
}

fn tried(confinement: Confinement) -> bool {
    let mut command = Command::new("/bin/true");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // SAFETY: `enter` only makes system calls.
    #[allow(unsafe_code, reason = "there is no safe way to run code between fork and exec")]
    unsafe {
        command.pre_exec(move || confinement.enter());
    }
    command.status().is_ok_and(|status| status.success())
}

fn make_mounts_read_only() -> io::Result<()> {
    let attributes = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID,
        attr_clr: 0,
        propagation: libc::MS_PRIVATE,
        userns_fd: 0,
    };
    // SAFETY: the path ends with a zero byte and the kernel reads `size_of` bytes of the structure.
    #[allow(unsafe_code, reason = "nix does not know this system call")]
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            c"/".as_ptr(),
            libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    Ok(Errno::result(result).map(drop)?)
}

fn drop_bounding_set() -> io::Result<()> {
    for capability in 0..64 {
        // SAFETY: takes numbers only.
        #[allow(unsafe_code, reason = "nix does not know this request")]
        match Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) }) {
            Ok(_) => {}
            Err(Errno::EINVAL) => break,
            Err(error) => return Err(error.into()),
        }
    }
    // SAFETY: takes numbers only.
    #[allow(unsafe_code, reason = "nix does not know this request")]
    Errno::result(unsafe { libc::prctl(libc::PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0) })?;
    Ok(())
}
