//! Rules for a program that was loaded and not attached.

use super::missing_hook;
use crate::judge::classify::Finding;
use crate::judge::modules::{Place, Searched};
use crate::log::libbpf;
use crate::wanted;
use domain::cause::{CauseCode, Confidence};
use domain::errno::Errno;
use domain::evidence::{Attach, KernelFacts, MapFact, ProgramFact, Symbol};

/// One program that was not attached.
pub(in crate::judge) struct Refusal<'a> {
    pub(in crate::judge) program: &'a ProgramFact,
    pub(in crate::judge) attach: &'a Attach,
    pub(in crate::judge) errno: Errno,
    pub(in crate::judge) maps: &'a [MapFact],
    pub(in crate::judge) facts: Option<&'a KernelFacts>,
    pub(in crate::judge) modules: Searched<'a>,
    /// What the kernel's symbols say of the function to be probed, where its name does not tell it.
    pub(in crate::judge) symbol: Option<&'a Symbol>,
    pub(in crate::judge) log: &'a str,
}

/// No such device: the hook's owner is not in this kernel.
const ENODEV: Errno = Errno(19);
/// How old kernels report that a symbol to probe does not exist.
const EADDRNOTAVAIL: Errno = Errno(99);

/// Not the first byte of an instruction.
const EILSEQ: Errno = Errno(84);

impl Refusal<'_> {
    fn hook(&self) -> &str {
        if self.attach.hook.is_empty() { &self.program.section } else { &self.attach.hook }
    }

    fn is_user_probe(&self) -> bool {
        ["uprobe", "uretprobe", "usdt"].iter().any(|kind| self.program.section.starts_with(kind))
    }

    fn line(&self) -> &str {
        libbpf::last_failure(self.log).unwrap_or_default()
    }
}

pub(in crate::judge) fn no_memory(refusal: &Refusal<'_>) -> Option<Finding> {
    (refusal.errno == Errno::ENOMEM).then(|| {
        let says = format!("The guest had too little memory to attach `{}`.", refusal.program.name);
        Finding::certain(CauseCode::GuestMemory, &refusal.program.name, says)
    })
}

/// The map by which libbpf tells a program of which static probe it was called.
const STATIC_PROBES: &str = "__bpf_usdt_specs";

/// libbpf attaches no program to a static probe in an object without the maps of its `bpf/usdt.bpf.h`,
/// and answers ESRCH before it asks a kernel (`usdt_manager_new`).
pub(in crate::judge) fn static_probes_unheld(refusal: &Refusal<'_>) -> Option<Finding> {
    let kind = refusal.program.section.split('/').next().unwrap_or_default();
    let held = refusal.maps.iter().any(|map| map.name == STATIC_PROBES);
    (matches!(kind, "usdt" | "usdt.s") && !held && refusal.errno == Errno::ESRCH).then(|| {
        let name = &refusal.program.name;
        let says = format!(
            "`{name}` is for a static probe, and the object lacks map `{STATIC_PROBES}`: libbpf attaches it to none \
             on any kernel until the object includes `bpf/usdt.bpf.h`."
        );
        Finding::certain(CauseCode::LoaderUnable, name, says).on(refusal.line())
    })
}

/// Kinds of sections whose programs are called from the first instruction of a kernel function.
const ENTRIES: [&str; 4] = ["fentry", "fexit", "fmod_ret", "fsession"];

/// The kernel answers EBUSY where a function's first instruction is not the one it expects to replace:
/// functions declared `inline` are `notrace` too (`linux/compiler_types.h`), and where the compiler kept
/// one as a function, BTF names it and nothing can be attached to it (`bpf_arch_text_poke` on x86).
pub(in crate::judge) fn untraceable(refusal: &Refusal<'_>) -> Option<Finding> {
    let (kind, function) = refusal.program.section.split_once('/')?;
    let is_entry = ENTRIES.contains(&kind.strip_suffix(".s").unwrap_or(kind));
    (is_entry && refusal.errno == Errno::EBUSY).then(|| {
        let says = format!(
            "This kernel has `{function}` and cannot trace its entry, as of functions declared inline or notrace."
        );
        Finding::likely(CauseCode::AttachUnsupported, refusal.hook(), says).on(refusal.line())
    })
}

/// The guest is fresh, so whoever holds the hook was put there by the validator.
pub(in crate::judge) fn busy(refusal: &Refusal<'_>) -> Option<Finding> {
    matches!(refusal.errno, Errno::EBUSY | Errno::EEXIST).then(|| {
        let says = format!("The hook `{}` was already taken inside the guest.", refusal.hook());
        Finding::certain(CauseCode::Infrastructure, refusal.hook(), says)
    })
}

/// A tracepoint or function looks missing when tracefs is.
pub(in crate::judge) fn guest_unprepared(refusal: &Refusal<'_>) -> Option<Finding> {
    let lack = refusal.facts.and_then(|facts| facts.lacks.iter().find(|lack| lack.contains("tracefs")));
    let lack = lack.map(String::as_str).or_else(|| {
        libbpf::line_that_begins(refusal.log, "failed to open ")
            .filter(|line| line.contains("/available_filter_functions"))
    })?;
    let through_tracefs = matches!(refusal.program.kind.as_str(), "tracepoint" | "kprobe");
    (through_tracefs && refusal.errno == Errno::ENOENT).then(|| {
        let says = format!("The guest could not be prepared to attach `{}`: {lack}.", refusal.program.name);
        Finding::likely(CauseCode::Infrastructure, refusal.hook(), says)
    })
}

/// Modules without which a traffic control filter attaches to nothing.
const FILTER_MODULES: [&str; 2] = ["sch_ingress", "cls_bpf"];

/// A guest may lack them although its kernel was built with them: archives forget the modules of
/// superseded builds.
pub(in crate::judge) fn module_lacking(refusal: &Refusal<'_>) -> Option<Finding> {
    let needed = |lack: &&String| {
        let mut words = lack.split(' ');
        words.next() == Some("module") && words.next().is_some_and(|name| FILTER_MODULES.contains(&name))
    };
    let filter = refusal.program.kind == "sched_cls" && refusal.errno == Errno::ENOENT;
    let lack = refusal.facts.filter(|_| filter)?.lacks.iter().find(needed)?;
    let says = format!("The guest could not be prepared to attach `{}`: {lack}.", refusal.program.name);
    Some(Finding::certain(CauseCode::ModuleAbsent, refusal.hook(), says))
}

/// Programs and libraries that user probes name are not part of the guest.
pub(in crate::judge) fn not_in_guest(refusal: &Refusal<'_>) -> Option<Finding> {
    (refusal.is_user_probe() && refusal.errno == Errno::ENOENT).then(|| {
        let says =
            format!("The guest lacks the file or the function of the user-space probe `{}`.", refusal.hook());
        Finding::certain(CauseCode::NotExercised, refusal.hook(), says)
    })
}

/// The way in which libbpf attaches a program by its section.
const BY_SECTION: &str = "link";

/// libbpf returns EOPNOTSUPP without a word for programs it has no way to attach by section
/// alone; the kernel was never asked. Attached in another way, the EOPNOTSUPP is the kernel's.
pub(in crate::judge) fn not_attachable_alone(refusal: &Refusal<'_>) -> Option<Finding> {
    let by_section = refusal.attach.how == BY_SECTION;
    (by_section && refusal.errno == Errno::EOPNOTSUPP && refusal.line().is_empty()).then(|| {
        let says = format!(
            "Programs in section `{}` are not attached by their section alone.",
            refusal.program.section
        );
        Finding::likely(CauseCode::NotExercised, refusal.hook(), says)
    })
}

/// Certain only if it is known that no module has it either. A kernel that has the function or tracepoint
/// and does not find it has its reasons, for other rules to tell.
pub(in crate::judge) fn target_missing(refusal: &Refusal<'_>) -> Option<Finding> {
    let gone = matches!(refusal.errno, Errno::ENOENT | Errno::ESRCH | ENODEV | EADDRNOTAVAIL);
    // Traffic control answers ENOENT for a queueing discipline it does not have.
    let is_hook = refusal.program.kind != "sched_cls" && refusal.program.kind != "sched_act";
    let wanted = wanted::of_section(&refusal.program.section);
    let place = wanted.map_or(Place::Unknown, |wanted| refusal.modules.place(&wanted.symbol));
    (gone && is_hook && !matches!(place, Place::Loaded { .. })).then(|| {
        let says = format!(
            "Neither this kernel nor {} has `{}` to attach `{}` to.",
            place.searched(),
            refusal.hook(),
            refusal.program.name
        );
        place.missing(missing_hook(&refusal.program.section), refusal.hook(), says).on(refusal.line())
    })
}

/// From 6.6 on a kernel probes no function whose name another one has too.
pub(in crate::judge) fn name_in_kernel_and_module(refusal: &Refusal<'_>) -> Option<Finding> {
    let wanted = wanted::of_section(&refusal.program.section)?;
    let Place::Loaded { module, .. } = refusal.modules.place(&wanted.symbol) else { return None };
    (refusal.errno == EADDRNOTAVAIL).then(|| {
        let says = format!(
            "More than one function is named `{}` once module `{module}` is loaded, as it was in this guest.",
            refusal.hook()
        );
        Finding::likely(CauseCode::Infrastructure, refusal.hook(), says).on(refusal.line())
    })
}

/// The same of functions of the kernel itself.
pub(in crate::judge) fn name_of_several(refusal: &Refusal<'_>) -> Option<Finding> {
    let Symbol { name, copies, .. } = refusal.symbol.filter(|symbol| symbol.copies > 1)?;
    (refusal.errno == EADDRNOTAVAIL).then(|| {
        let says = format!(
            "This kernel has {copies} functions that are named `{name}`, and probes none of them by name."
        );
        Finding::certain(CauseCode::SymbolAmbiguous, name, says).on(refusal.line())
    })
}

pub(in crate::judge) fn unsupported(refusal: &Refusal<'_>) -> Option<Finding> {
    // A probe inside an instruction is answered with EILSEQ.
    let unable =
        matches!(refusal.errno, EILSEQ | Errno::EOPNOTSUPP | Errno::ENOTSUPP | Errno::EINVAL | Errno::ENOENT);
    unable.then(|| {
        let says = format!(
            "This kernel loads `{}` and cannot attach it to `{}` ({}).",
            refusal.program.name,
            refusal.hook(),
            refusal.errno
        );
        Finding::certain(CauseCode::AttachUnsupported, refusal.hook(), says).on(refusal.line())
    })
}

pub(in crate::judge) fn unexplained(refusal: &Refusal<'_>) -> Finding {
    let says = format!(
        "Attaching `{}` to `{}` failed with {}.",
        refusal.program.name,
        refusal.hook(),
        refusal.errno
    );
    let finding = Finding::likely(CauseCode::Unexplained, refusal.hook(), says).on(refusal.line());
    Finding { confidence: Confidence::Unknown, ..finding }
}
