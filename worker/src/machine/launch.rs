//! Starting QEMU so that nothing of it can outlive the worker.

use super::MachineError;
use super::probe::Qemu;
use super::spec::{CONSOLE_FD, INITRAMFS_FD, JOB_FD, KERNEL_FD, LINK_FD, MONITOR_FD};
use super::spec::{Role, Spec, host_memory_bytes};
use crate::jail::{Group, Jail};
use command_fds::{CommandFdExt as _, FdMapping};
use nix::fcntl::{FcntlArg, OFlag, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::{Mode, fchmod};
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, mpsc};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

/// A QEMU to be started: what it is for, and the descriptors it inherits beside its link and
/// its console, each with the number it has there.
#[derive(Debug)]
pub(super) struct Launch<'a> {
    pub(super) spec: &'a Spec,
    pub(super) role: Role,
    pub(super) files: Vec<(i32, OwnedFd)>,
}

/// A started QEMU and the worker's ends of its pipes.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) child: Child,
    pub(super) link: pipe::Receiver,
    pub(super) console: pipe::Receiver,
    /// Its monitor, until somebody takes it.
    pub(super) monitor: Option<UnixStream>,
    /// Its control group, where there is one; after the child, which must be gone for it to go.
    pub(super) group: Option<Group>,
}

/// Starts QEMU.
///
/// The kernel kills each QEMU when the *thread* that started it ends, which is the only way to
/// have it die with a worker that is killed. A runtime's threads come and go, so one thread does
/// nothing else and lives as long as this value: to drop it is to kill every machine.
#[derive(Debug)]
pub(super) struct Starter {
    qemu: Qemu,
    jail: Arc<Jail>,
    requests: mpsc::Sender<Request>,
}

#[derive(Debug)]
struct Request {
    command: Command,
    runtime: tokio::runtime::Handle,
    reply: oneshot::Sender<io::Result<Child>>,
}

/// How QEMU's C library is to allocate: in large pages, from one heap that grows in large steps. A
/// start touches 7 MB of it, page by page, and under nested virtualisation each page costs
/// microseconds (measured: 5).
const ALLOCATION: &str = "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=4194304:glibc.malloc.arena_max=1";

impl Starter {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system refused a thread.
    pub(super) fn new(qemu: Qemu, jail: Arc<Jail>) -> io::Result<Self> {
        let (requests, queue) = mpsc::channel::<Request>();
        let launching = Arc::clone(&jail);
        std::thread::Builder::new().name("machine-launcher".to_owned()).spawn(move || {
            for Request { mut command, runtime, reply } in queue {
                let _context = runtime.enter();
                // Whoever asked may have gone; the child in the reply is then dropped, which kills it.
                drop(reply.send(launching.start(|| command.spawn())));
            }
        })?;
        Ok(Self { qemu, jail, requests })
    }

    /// The QEMU it starts.
    pub(super) fn qemu(&self) -> &Qemu {
        &self.qemu
    }

    /// Starts QEMU.
    ///
    /// # Errors
    /// `MakeChannel`, `FindBootFile`, `MakeControlGroup` or `StartQemu`.
    pub(super) async fn start(&self, launch: Launch<'_>) -> Result<Process, MachineError> {
        let Launch { spec, role, mut files } = launch;
        let (link, guest_link) = one_way().map_err(MachineError::MakeChannel)?;
        let (console, guest_console) = one_way().map_err(MachineError::MakeChannel)?;
        let (monitor, its_monitor) = both_ways().map_err(MachineError::MakeChannel)?;
        files.extend([(LINK_FD, guest_link), (CONSOLE_FD, guest_console), (MONITOR_FD, its_monitor)]);
        for (descriptor, path) in boot_files(spec, role) {
            files.push((descriptor, found(path)?));
        }
        for (_, file) in files.iter().filter(|(fd, _)| *fd == JOB_FD) {
            // QEMU opens it anew, as another user; it is read once and only it has it.
            fchmod(file, Mode::from_bits_truncate(0o444))
                .map_err(|error| MachineError::MakeChannel(error.into()))?;
        }

        let mut command = Command::new(&self.qemu.program);
        command.args(spec.arguments(role)).env_clear().current_dir("/");
        command.env("GLIBC_TUNABLES", ALLOCATION);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        // A group of its own, so that an interrupt typed at the worker does not reach it.
        command.process_group(0).kill_on_drop(true);
        let files = files.into_iter().map(|(child_fd, parent_fd)| FdMapping { parent_fd, child_fd });
        command.fd_mappings(files.collect()).expect("every descriptor has a number of its own");
        // Last: moving descriptors needs more of them than QEMU may have afterwards.
        let group = self.confine(&mut command, spec, role)?;

        let start_error = |source| MachineError::StartQemu { program: self.qemu.program.clone(), source };
        let (reply, answer) = oneshot::channel();
        let request = Request { command, runtime: tokio::runtime::Handle::current(), reply };
        self.requests.send(request).map_err(|_| start_error(io::ErrorKind::BrokenPipe.into()))?;
        let child = answer.await.map_err(|_| start_error(io::ErrorKind::BrokenPipe.into()))?;
        Ok(Process { child: child.map_err(start_error)?, link, console, monitor: Some(monitor), group })
    }

    fn confine(&self, command: &mut Command, spec: &Spec, role: Role) -> Result<Option<Group>, MachineError> {
        let confined = self.jail.confinement(spec.memory_bytes, host_memory_bytes(spec.memory_bytes));
        let (mut confinement, group) = confined.map_err(MachineError::MakeControlGroup)?;
        for (descriptor, path) in boot_files(spec, role) {
            confinement.inherits(descriptor, path).map_err(MachineError::MakeChannel)?;
        }
        confinement.on(command.as_std_mut());
        Ok(group)
    }
}

/// What the role boots from, and the descriptor of each; a clone does not boot.
fn boot_files(spec: &Spec, role: Role) -> impl Iterator<Item = (i32, &Path)> {
    let files = [(KERNEL_FD, spec.vmlinuz.as_path()), (INITRAMFS_FD, spec.initramfs.as_path())];
    files.into_iter().filter(move |_| role != Role::Clone)
}

/// A file to boot from. Not opened but found: QEMU opens it through its descriptor, as a user
/// who may not enter the folders on the way.
fn found(path: &Path) -> Result<OwnedFd, MachineError> {
    nix::fcntl::open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())
        .map_err(|error| MachineError::FindBootFile { path: path.to_owned(), source: error.into() })
}

/// A pipe whose reading end is the worker's. A pipe rather than a socket: the guest writes single
/// bytes, which a pipe packs into pages and a socket keeps in a buffer of its own each.
pub(super) fn one_way() -> io::Result<(pipe::Receiver, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    Ok((pipe::Receiver::from_owned_fd(reader.into())?, writer.into()))
}

/// A pair of connected sockets: the worker's and the other.
fn both_ways() -> io::Result<(UnixStream, OwnedFd)> {
    let (ours, its) = UnixStream::pair()?;
    let its = its.into_std()?;
    its.set_nonblocking(false)?;
    Ok((ours, its.into()))
}

/// A pipe whose writing end is the worker's.
pub(super) fn one_way_in() -> io::Result<(OwnedFd, pipe::Sender)> {
    let (reader, writer) = io::pipe()?;
    Ok((reader.into(), pipe::Sender::from_owned_fd(writer.into())?))
}

/// A file that exists in memory only, positioned at its beginning. Nobody can change it.
pub(super) fn in_memory(name: &str, bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create(name, MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
    file.write_all(bytes)?;
    file.rewind()?;
    seal(&file)?;
    Ok(file.into())
}

/// Makes a file in memory that allows it unchangeable for ever.
pub(super) fn seal(memory: impl AsFd) -> io::Result<()> {
    let seals =
        SealFlag::F_SEAL_SEAL | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_WRITE;
    fcntl(memory, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(())
}
