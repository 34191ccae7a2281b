//! Attaching a program as if it stood in another section: what libbpf does by itself for sections of its
//! own reading.

use super::attach::{Link, link};
use super::libbpf::{Program, c_text};
use super::size_field;
use domain::errno::Errno;
use domain::section;
use libbpf_sys as raw;

/// Attaches to the target that the section names.
pub(super) fn attach(program: Program<'_>, section: &str) -> Result<Link, Errno> {
    let (kind, target) = section.split_once('/').unwrap_or((section, ""));
    let at_return = kind.starts_with("kret") || kind.starts_with("uret");
    match kind.trim_end_matches(".s") {
        "kprobe" | "kretprobe" => kprobe(program, target, at_return),
        "kprobe.multi" | "kretprobe.multi" | "kprobe.session" => {
            kprobe_multi(program, target, at_return, kind == "kprobe.session")
        }
        "ksyscall" | "kretsyscall" => ksyscall(program, target, at_return),
        "uprobe" | "uretprobe" => uprobe(program, target, at_return),
        "uprobe.multi" | "uretprobe.multi" | "uprobe.session" => {
            uprobe_multi(program, target, at_return, kind.starts_with("uprobe.session"))
        }
        "tracepoint" | "tp" => {
            let (category, name) = target.split_once('/').ok_or(Errno::EINVAL)?;
            let (category, name) = (c_text(category), c_text(name));
            // SAFETY: the program is alive and libbpf reads the names during the call.
            link(unsafe {
                raw::bpf_program__attach_tracepoint(program.as_ptr(), category.as_ptr(), name.as_ptr())
            })
        }
        "raw_tracepoint" | "raw_tp" | "raw_tracepoint.w" | "raw_tp.w" => {
            let name = c_text(target);
            // SAFETY: as above.
            link(unsafe { raw::bpf_program__attach_raw_tracepoint(program.as_ptr(), name.as_ptr()) })
        }
        "lsm" => {
            // SAFETY: the program is alive.
            link(unsafe { raw::bpf_program__attach_lsm(program.as_ptr()) })
        }
        "iter" => {
            // SAFETY: the program is alive; null options are allowed.
            link(unsafe { raw::bpf_program__attach_iter(program.as_ptr(), std::ptr::null()) })
        }
        // Trampolines: the target was looked up before the load.
        _ => {
            // SAFETY: the program is alive.
            link(unsafe { raw::bpf_program__attach_trace(program.as_ptr()) })
        }
    }
}

/// `function` and the offset of `function+0x10`.
fn kprobe(program: Program<'_>, target: &str, at_return: bool) -> Result<Link, Errno> {
    let (function, offset) = section::with_offset(target).ok_or(Errno::EINVAL)?;
    let function = c_text(function);
    let options = raw::bpf_kprobe_opts {
        sz: size_field::<raw::bpf_kprobe_opts>(),
        offset: raw::size_t::try_from(offset).map_err(|_| Errno::EINVAL)?,
        retprobe: at_return,
        ..Default::default()
    };
    // SAFETY: the program is alive and libbpf reads name and options during the call.
    link(unsafe {
        raw::bpf_program__attach_kprobe_opts(program.as_ptr(), function.as_ptr(), &raw const options)
    })
}

fn kprobe_multi(program: Program<'_>, pattern: &str, at_return: bool, session: bool) -> Result<Link, Errno> {
    let pattern = c_text(pattern);
    let options = raw::bpf_kprobe_multi_opts {
        sz: size_field::<raw::bpf_kprobe_multi_opts>(),
        retprobe: at_return,
        session,
        ..Default::default()
    };
    // SAFETY: as for a single probe.
    link(unsafe {
        raw::bpf_program__attach_kprobe_multi_opts(program.as_ptr(), pattern.as_ptr(), &raw const options)
    })
}

fn ksyscall(program: Program<'_>, call: &str, at_return: bool) -> Result<Link, Errno> {
    let call = c_text(call);
    let options = raw::bpf_ksyscall_opts {
        sz: size_field::<raw::bpf_ksyscall_opts>(),
        retprobe: at_return,
        ..Default::default()
    };
    // SAFETY: as for a single probe.
    link(unsafe { raw::bpf_program__attach_ksyscall(program.as_ptr(), call.as_ptr(), &raw const options) })
}

fn uprobe(program: Program<'_>, target: &str, at_return: bool) -> Result<Link, Errno> {
    let (path, function) = target.split_once(':').ok_or(Errno::EINVAL)?;
    let (function, offset) = section::with_offset(function).ok_or(Errno::EINVAL)?;
    let (path, function) = (c_text(path), c_text(function));
    let options = raw::bpf_uprobe_opts {
        sz: size_field::<raw::bpf_uprobe_opts>(),
        func_name: function.as_ptr(),
        retprobe: at_return,
        ..Default::default()
    };
    let offset = raw::size_t::try_from(offset).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the program is alive; libbpf reads path, name and options during the call.
    link(unsafe {
        raw::bpf_program__attach_uprobe_opts(program.as_ptr(), -1, path.as_ptr(), offset, &raw const options)
    })
}

fn uprobe_multi(program: Program<'_>, target: &str, at_return: bool, session: bool) -> Result<Link, Errno> {
    let (path, pattern) = target.split_once(':').ok_or(Errno::EINVAL)?;
    let (path, pattern) = (c_text(path), c_text(pattern));
    let options = raw::bpf_uprobe_multi_opts {
        sz: size_field::<raw::bpf_uprobe_multi_opts>(),
        retprobe: at_return,
        session,
        ..Default::default()
    };
    // SAFETY: as for a single probe.
    link(unsafe {
        raw::bpf_program__attach_uprobe_multi(
            program.as_ptr(),
            -1,
            path.as_ptr(),
            pattern.as_ptr(),
            &raw const options,
        )
    })
}
