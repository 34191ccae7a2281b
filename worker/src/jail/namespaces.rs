//! Namespaces: what of the host a process can name.

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::Mode;
use nix::unistd::{getegid, geteuid, write};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, RawFd};
use std::path::Path;

/// Where people and services keep their files and sockets; nothing of QEMU's own is there. The
/// mounts being read-only would not keep a process from talking to a socket.
const HIDDEN: [&CStr; 5] = [c"/tmp", c"/home", c"/root", c"/run", c"/var"];

/// Nothing in a mount that is made here may be run or trusted.
const PLAIN: MsFlags =
    MsFlags::MS_RDONLY.union(MsFlags::MS_NOSUID).union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

/// A file that is inherited as a descriptor.
#[derive(Debug)]
pub(super) struct Inherited {
    pub(super) descriptor: RawFd,
    pub(super) path: CString,
}

/// A network that is empty, mounts that are read-only, a host name and message queues.
#[derive(Debug)]
pub(super) struct Namespaces {
    /// The worker's user and group as the only ones, for a worker that is not root.
    users: Option<[String; 2]>,
    hidden: Vec<&'static CStr>,
}

impl Namespaces {
    /// Namespaces for a process that will execute `program`.
    pub(super) fn of(program: &Path) -> Self {
        let (user, group) = (geteuid(), getegid());
        let users = (!user.is_root()).then(|| [format!("{user} {user} 1"), format!("{group} {group} 1")]);
        let program = program.canonicalize().unwrap_or_else(|_| program.to_owned());
        let hidden = HIDDEN.into_iter().filter(|folder| {
            let folder = Path::new(folder.to_str().unwrap_or("/"));
            folder.symlink_metadata().is_ok_and(|it| it.is_dir()) && !program.starts_with(folder)
        });
        Self { users, hidden: hidden.collect() }
    }

    /// Moves the calling process into new ones; `processes` says that its process namespace is
    /// new too, and may be all it sees in `/proc`. A file that it inherited would lead it back to
    /// the host's mounts, which can be written; so `files` are found anew in its own.
    pub(super) fn enter(&self, processes: bool, files: &[Inherited]) -> io::Result<()> {
        if let Some([user, group]) = &self.users {
            unshare(CloneFlags::CLONE_NEWUSER)?;
            tell(c"/proc/self/setgroups", "deny")?;
            tell(c"/proc/self/uid_map", user)?;
            tell(c"/proc/self/gid_map", group)?;
        }
        let own = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS;
        unshare(own | CloneFlags::CLONE_NEWNS)?;
        // Before anything is mounted, or the host would have it too.
        mount(None::<&CStr>, c"/", None::<&CStr>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&CStr>)?;
        files.iter().try_for_each(Inherited::find_anew)?;
        if let [first, others @ ..] = self.hidden.as_slice() {
            mount(Some(c"tmpfs"), *first, Some(c"tmpfs"), PLAIN, Some(c"size=4k,mode=555"))?;
            for other in others {
                mount(Some(*first), *other, None::<&CStr>, MsFlags::MS_BIND, None::<&CStr>)?;
            }
        }
        if processes {
            mount(Some(c"proc"), c"/proc", Some(c"proc"), PLAIN, Some(c"subset=pid"))?;
        }
        make_mounts_read_only()
    }
}

impl Inherited {
    fn find_anew(&self) -> io::Result<()> {
        let file = open(self.path.as_c_str(), OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?;
        // SAFETY: the descriptor is one that was set aside for this file.
        #[allow(unsafe_code, reason = "the number of the descriptor is fixed")]
        Errno::result(unsafe { libc::dup2(file.as_raw_fd(), self.descriptor) })?;
        Ok(())
    }
}

/// Writes a file of `/proc` in one piece, as it must be.
fn tell(path: &CStr, text: &str) -> io::Result<()> {
    let file = open(path, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    write(file, text.as_bytes())?;
    Ok(())
}

fn make_mounts_read_only() -> io::Result<()> {
    let attributes = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID,
        attr_clr: 0,
        propagation: 0,
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

/// A way to start processes of which each is number 1 of a process namespace of its own.
#[derive(Debug)]
pub(super) struct ProcessNamespaces {
    ours: File,
}

impl ProcessNamespaces {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { ours: File::open("/proc/self/ns/pid")? })
    }

    /// Calls `spawn`, whose process is the first of a new namespace. The kernel keeps this choice
    /// per thread, and a thread that made it cannot start another; it is taken back at the end,
    /// without which the next call would be refused.
    pub(super) fn start<T>(&self, spawn: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        unshare(CloneFlags::CLONE_NEWPID)?;
        let spawned = spawn();
        setns(&self.ours, CloneFlags::CLONE_NEWPID)?;
        spawned
    }
}
