//! libbpf's ways to attach a program. Dropping what they return detaches it.

use super::libbpf::{Map, Program, check, number};
use super::{declared, last_errno, size_field};
use domain::errno::Errno;
use libbpf_sys as raw;
use std::ffi::{CStr, c_int, c_ulong};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;

/// A program attached by libbpf.
#[derive(Debug)]
pub(crate) struct Link(NonNull<raw::bpf_link>);

/// Where user-space probes go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserTarget<'a> {
    /// The file that is mapped.
    pub(crate) path: &'a CStr,
    /// Offset of the first instruction in that file.
    pub(crate) offset: usize,
    /// Whether the return is probed instead of the entry.
    pub(crate) at_return: bool,
}

/// A direction of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Ingress,
    Egress,
}

pub(super) fn link(raw: *mut raw::bpf_link) -> Result<Link, Errno> {
    NonNull::new(raw).map(Link).ok_or_else(last_errno)
}

impl Link {
    /// The kernel's name of the link type, for example `perf_event`; `None` when the attachment
    /// is not a link of the kernel but a plain perf event.
    pub(crate) fn kind(&self) -> Option<String> {
        let mut info = raw::bpf_link_info::default();
        let mut size = u32::try_from(size_of::<raw::bpf_link_info>()).expect("a struct size fits 32 bits");
        // SAFETY: the link is alive; the kernel writes at most `size` bytes into `info`.
        let told = unsafe {
            raw::bpf_link_get_info_by_fd(raw::bpf_link__fd(self.0.as_ptr()), &raw mut info, &raw mut size)
        };
        if told != 0 {
            return None;
        }
        // SAFETY: the name of a link type is static or null.
        let name = unsafe { raw::libbpf_bpf_link_type_str(info.type_) };
        if name.is_null() {
            return None;
        }
        // SAFETY: not null, static and NUL-terminated.
        Some(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned())
    }

    /// Opens what an attached iterator yields.
    pub(crate) fn iterate(&self) -> Result<OwnedFd, Errno> {
        // SAFETY: the link is alive.
        let fd = unsafe { raw::bpf_iter_create(raw::bpf_link__fd(self.0.as_ptr())) };
        check(fd)?;
        // SAFETY: the descriptor was just opened and belongs to nobody else.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // SAFETY: the link is alive and not used again. Its error, if any, leaves nothing to do.
        unsafe { raw::bpf_link__destroy(self.0.as_ptr()) };
    }
}

/// As the program's section says.
pub(crate) fn by_section(program: Program<'_>) -> Result<Link, Errno> {
    if let Some(section) = program.other_section() {
        return declared::attach(program, &section);
    }
    // SAFETY: the program is alive.
    link(unsafe { raw::bpf_program__attach(program.as_ptr()) })
}

/// XDP on an interface.
pub(crate) fn xdp(program: Program<'_>, interface: c_int) -> Result<Link, Errno> {
    // SAFETY: the program is alive.
    link(unsafe { raw::bpf_program__attach_xdp(program.as_ptr(), interface) })
}

/// A netkit device, of which `interface` is the primary end.
pub(crate) fn netkit(program: Program<'_>, interface: c_int) -> Result<Link, Errno> {
    // SAFETY: the program is alive; null options are allowed.
    link(unsafe { raw::bpf_program__attach_netkit(program.as_ptr(), interface, std::ptr::null()) })
}

/// A hook of the packet filter.
pub(crate) fn netfilter(program: Program<'_>, family: u32, hook: u32, priority: i32) -> Result<Link, Errno> {
    let options = raw::bpf_netfilter_opts {
        sz: size_field::<raw::bpf_netfilter_opts>(),
        pf: family,
        hooknum: hook,
        priority,
        flags: 0,
    };
    // SAFETY: the program is alive; libbpf reads the options within their size.
    link(unsafe { raw::bpf_program__attach_netfilter(program.as_ptr(), &raw const options) })
}

/// A socket map, through a link (kernels from 6.10).
pub(crate) fn sockmap(program: Program<'_>, map: BorrowedFd<'_>) -> Result<Link, Errno> {
    // SAFETY: the program is alive and the descriptor open.
    link(unsafe { raw::bpf_program__attach_sockmap(program.as_ptr(), number(map)) })
}

/// What an iterator walks that has to be told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Walked<'a> {
    /// The entries of a map.
    Map(Map<'a>),
    /// One control group, alone.
    Group(BorrowedFd<'a>),
}

/// An iterator over something chosen.
pub(crate) fn iterator(program: Program<'_>, walked: Walked<'_>) -> Result<Link, Errno> {
    let mut info = raw::bpf_iter_link_info::default();
    match walked {
        Walked::Map(map) => {
            info.map.map_fd = u32::try_from(map.fd().ok_or(Errno::EINVAL)?).map_err(|_| Errno::EINVAL)?;
        }
        Walked::Group(group) => {
            info.cgroup = raw::bpf_iter_link_info__bindgen_ty_2 {
                order: raw::BPF_CGROUP_ITER_SELF_ONLY,
                cgroup_fd: u32::try_from(number(group)).map_err(|_| Errno::EINVAL)?,
                ..Default::default()
            };
        }
    }
    let options = raw::bpf_iter_attach_opts {
        sz: size_field::<raw::bpf_iter_attach_opts>(),
        link_info: &raw mut info,
        link_info_len: u32::try_from(size_of::<raw::bpf_iter_link_info>()).map_err(|_| Errno::EINVAL)?,
        ..Default::default()
    };
    // SAFETY: the program is alive; libbpf reads the options and what they point to during the call.
    link(unsafe { raw::bpf_program__attach_iter(program.as_ptr(), &raw const options) })
}

/// A control group, in a direction the program's section does not name.
pub(crate) fn cgroup_as(
    program: Program<'_>,
    group: BorrowedFd<'_>,
    kind: raw::bpf_attach_type,
) -> Result<OwnedFd, Errno> {
    let fd = program.fd().ok_or(Errno::EINVAL)?;
    // SAFETY: takes numbers only; null options are allowed.
    let link = unsafe { raw::bpf_link_create(fd, number(group), kind, std::ptr::null()) };
    check(link)?;
    // SAFETY: the descriptor was just made and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(link) })
}

/// Whether the XDP program on an interface runs in its driver; `None` when that is not told.
pub(crate) fn xdp_is_native(interface: c_int) -> Option<bool> {
    /// `XDP_ATTACHED_DRV` and `XDP_ATTACHED_SKB` of `linux/if_link.h`.
    const DRIVER: u8 = 1;
    const GENERIC: u8 = 2;
    let mut query =
        raw::bpf_xdp_query_opts { sz: size_field::<raw::bpf_xdp_query_opts>(), ..Default::default() };
    // SAFETY: libbpf writes into `query` within the size it carries.
    check(unsafe { raw::bpf_xdp_query(interface, 0, &raw mut query) }).ok()?;
    match query.attach_mode {
        DRIVER => Some(true),
        GENERIC => Some(false),
        _ => None,
    }
}

/// A traffic control link on an interface (kernels from 6.6); the program knows its direction.
pub(crate) fn tcx(program: Program<'_>, interface: c_int) -> Result<Link, Errno> {
    // SAFETY: the program is alive; null options are allowed.
    link(unsafe { raw::bpf_program__attach_tcx(program.as_ptr(), interface, std::ptr::null()) })
}

/// A control group.
pub(crate) fn cgroup(program: Program<'_>, group: BorrowedFd<'_>) -> Result<Link, Errno> {
    // SAFETY: the program is alive and the descriptor open.
    link(unsafe { raw::bpf_program__attach_cgroup(program.as_ptr(), number(group)) })
}

/// A network namespace.
pub(crate) fn netns(program: Program<'_>, namespace: BorrowedFd<'_>) -> Result<Link, Errno> {
    // SAFETY: the program is alive and the descriptor open.
    link(unsafe { raw::bpf_program__attach_netns(program.as_ptr(), number(namespace)) })
}

/// A perf event.
pub(crate) fn perf_event(program: Program<'_>, event: OwnedFd) -> Result<Link, Errno> {
    // SAFETY: the program is alive and the descriptor open.
    let attached =
        link(unsafe { raw::bpf_program__attach_perf_event(program.as_ptr(), number(event.as_fd())) })?;
    // The link closes the event from now on, and only a link that was made does.
    std::mem::forget(event);
    Ok(attached)
}

/// A probe in user space, in any process.
pub(crate) fn uprobe(program: Program<'_>, target: UserTarget<'_>) -> Result<Link, Errno> {
    let offset = raw::size_t::try_from(target.offset).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the program is alive and libbpf copies the path.
    link(unsafe {
        raw::bpf_program__attach_uprobe(program.as_ptr(), target.at_return, -1, target.path.as_ptr(), offset)
    })
}

/// A probe in user space through a link that takes many (kernels from 6.6).
pub(crate) fn uprobe_multi(
    program: Program<'_>,
    target: UserTarget<'_>,
    session: bool,
) -> Result<Link, Errno> {
    let offset = c_ulong::try_from(target.offset).map_err(|_| Errno::EINVAL)?;
    let options = raw::bpf_uprobe_multi_opts {
        sz: size_field::<raw::bpf_uprobe_multi_opts>(),
        offsets: &raw const offset,
        cnt: 1,
        retprobe: target.at_return,
        session,
        ..Default::default()
    };
    // SAFETY: the program is alive; libbpf reads one offset during the call and copies the path.
    link(unsafe {
        raw::bpf_program__attach_uprobe_multi(
            program.as_ptr(),
            -1,
            target.path.as_ptr(),
            std::ptr::null(),
            &raw const options,
        )
    })
}

/// A static probe of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StaticProbe<'a> {
    pub(crate) path: &'a CStr,
    pub(crate) provider: &'a CStr,
    pub(crate) name: &'a CStr,
    /// The process in which it is traced; all of them if there is none, which kernels before 5.15 refuse
    /// for files that are mapped anywhere.
    pub(crate) process: Option<i32>,
}

/// A static probe in user space.
pub(crate) fn usdt(program: Program<'_>, probe: StaticProbe<'_>) -> Result<Link, Errno> {
    // SAFETY: the program is alive, libbpf reads the texts during the call; null options are allowed.
    link(unsafe {
        raw::bpf_program__attach_usdt(
            program.as_ptr(),
            probe.process.unwrap_or(-1),
            probe.path.as_ptr(),
            probe.provider.as_ptr(),
            probe.name.as_ptr(),
            std::ptr::null(),
        )
    })
}

/// A classifier on the `clsact` queueing discipline of an interface, which others may share.
#[derive(Debug)]
pub(crate) struct Filter {
    hook: raw::bpf_tc_hook,
    options: raw::bpf_tc_opts,
}

/// Adds the program as a filter of its own, which goes when it is dropped. The discipline is made if it is
/// not there, and stays.
pub(crate) fn clsact(program: Program<'_>, interface: c_int, flow: Flow) -> Result<Filter, Errno> {
    let attach_point = match flow {
        Flow::Ingress => raw::BPF_TC_INGRESS,
        Flow::Egress => raw::BPF_TC_EGRESS,
    };
    let hook = raw::bpf_tc_hook {
        sz: size_field::<raw::bpf_tc_hook>(),
        ifindex: interface,
        attach_point,
        ..Default::default()
    };
    let options = raw::bpf_tc_opts {
        sz: size_field::<raw::bpf_tc_opts>(),
        prog_fd: program.fd().ok_or(Errno::EINVAL)?,
        // Handle and priority are the kernel's choice, and told.
        ..Default::default()
    };
    let (mut hook, mut options) = (hook, options);
    // SAFETY: libbpf reads the hook within its size.
    match check(unsafe { raw::bpf_tc_hook_create(&raw mut hook) }) {
        Ok(()) | Err(Errno::EEXIST) => {}
        Err(errno) => return Err(errno),
    }
    // SAFETY: libbpf reads and writes both structs within their sizes.
    check(unsafe { raw::bpf_tc_attach(&raw const hook, &raw mut options) })?;
    Ok(Filter { hook, options })
}

impl Drop for Filter {
    fn drop(&mut self) {
        // libbpf wants to be told which filter, and nothing of the program.
        (self.options.prog_fd, self.options.prog_id, self.options.flags) = (0, 0, 0);
        // SAFETY: libbpf reads both structs within their sizes. What a failure leaves behind goes with the
        // guest.
        unsafe { raw::bpf_tc_detach(&raw const self.hook, &raw const self.options) };
    }
}
