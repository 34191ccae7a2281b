//! Rules for a program that was not loaded.

use super::{missing_hook, verifier as verifier_kind};
use crate::judge::classify::Finding;
use crate::judge::modules::{Place, Searched};
use crate::log::kind::Kind;
use crate::log::libbpf::{self, Lacks, MissingKfunc};
use crate::log::verifier::{self, Rejection};
use crate::wanted;
use domain::axis::Loader;
use domain::cause::{CauseCode, Confidence};
use domain::errno::Errno;
use domain::evidence::{KernelFacts, ProgramFact};
use domain::{helper, section};

/// One program that was refused, by libbpf or by the kernel.
pub(in crate::judge) struct Refusal<'a> {
    program: &'a ProgramFact,
    errno: Errno,
    facts: Option<&'a KernelFacts>,
    modules: Searched<'a>,
    log: &'a str,
    /// The log of opening the object, where libbpf lists who uses which extern.
    open_log: &'a str,
    /// Every program of the object.
    programs: &'a [ProgramFact],
    rejection: Option<Rejection<'a>>,
    /// Whether its loader gives an errno of a program only where the kernel answered; libbpf has errnos of
    /// its own.
    kernel_answered: bool,
}

/// A signal or a lack of time, not an answer.
const EINTR: Errno = Errno(4);
/// How a map refuses a program that was not loaded.
const EBADF: Errno = Errno(9);
/// Try again.
const EAGAIN: Errno = Errno(11);

/// What libbpf says when the object's own loader has to set something, and what that is.
const CONTRACTS: &[(&str, &str)] = &[
    ("missing BPF prog type, check ELF section name", "a program type, which its section does not name"),
    ("no BTF-based attach target is specified", "an attach target, which its section does not name"),
    ("attach program FD is not set", "the program it extends"),
    ("SEC(\"struct_ops\") program isn't referenced anywhere", "a struct_ops map that refers to it"),
];

impl<'a> Refusal<'a> {
    pub(in crate::judge) fn new(
        program: &'a ProgramFact,
        errno: Errno,
        modules: Searched<'a>,
        log: &'a str,
        (programs, open_log): (&'a [ProgramFact], &'a str),
    ) -> Self {
        let rejection = verifier::of_program(log, &program.name).and_then(verifier::rejection);
        let facts = modules.facts;
        Self { program, errno, facts, modules, log, open_log, programs, rejection, kernel_answered: false }
    }

    /// As this loader told it.
    pub(in crate::judge) fn by(self, loader: &Loader) -> Self {
        Self { kernel_answered: *loader == Loader::Aya, ..self }
    }

    pub(in crate::judge) fn rejection(&self) -> Option<&Rejection<'a>> {
        self.rejection.as_ref()
    }

    fn said(&self) -> &str {
        self.rejection.as_ref().map_or("", |rejection| rejection.line)
    }

    /// Whether the kernel was asked and answered before its verifier looked at an instruction.
    fn unverified(&self) -> bool {
        let asked = format!("prog '{}': BPF program load failed", self.program.name);
        let answered = self.kernel_answered || libbpf::line_that_begins(self.log, &asked).is_some();
        self.rejection.is_none() && answered
    }

    /// Whether this program is the one that needs `symbol`; libbpf refuses all of an object for
    /// one missing symbol.
    fn needs(&self, symbol: &str) -> bool {
        let name = &self.program.name;
        [self.open_log, self.log]
            .iter()
            .find_map(|log| libbpf::uses_extern(log, self.programs, name, symbol))
            .unwrap_or(true)
    }

    fn blocked_by(&self, what: &str, line: &str) -> Finding {
        let says = format!("`{}` was not tried: {what}.", self.program.name);
        Finding::certain(CauseCode::Blocked, &self.program.name, says).on(line)
    }
}

pub(in crate::judge) fn no_memory(refusal: &Refusal<'_>) -> Option<Finding> {
    let name = &refusal.program.name;
    (refusal.errno == Errno::ENOMEM).then(|| {
        let says = format!("The guest had too little memory to load `{name}`.");
        Finding::certain(CauseCode::GuestMemory, name, says)
    })
}

/// ENOSPC is a log buffer that was too small, which is the validator's business.
pub(in crate::judge) fn interrupted(refusal: &Refusal<'_>) -> Option<Finding> {
    let name = &refusal.program.name;
    matches!(refusal.errno, EINTR | EAGAIN | Errno::ENOSPC).then(|| {
        let says = format!("Loading `{name}` was interrupted ({}).", refusal.errno);
        Finding::certain(CauseCode::Infrastructure, name, says)
    })
}

/// A program array that starts with other programs in it cannot be filled with one program.
pub(in crate::judge) fn slot_of_another_program(refusal: &Refusal<'_>) -> Option<Finding> {
    let line = libbpf::empty_slot(refusal.log).filter(|_| refusal.errno == EBADF)?;
    let name = &refusal.program.name;
    let says = format!("`{name}` cannot be loaded alone: a map starts with other programs in it.");
    Some(Finding::likely(CauseCode::NotExercised, name, says).on(line))
}

/// libbpf hands the object's own BTF to the kernel first, and goes on without it unless something in the
/// object cannot be without: struct_ops maps, or functions described for calls.
pub(in crate::judge) fn btf_rejected(refusal: &Refusal<'_>) -> Option<Finding> {
    let line = libbpf::line_that_begins(refusal.log, "Error loading .BTF into kernel: ")?;
    line.contains("BTF is mandatory").then(|| {
        let says = "This kernel refuses the type information in the object, which the object cannot be loaded without."
            .to_owned();
        Finding::certain(CauseCode::BtfRejected, &refusal.program.name, says).on(line)
    })
}

pub(in crate::judge) fn map_failed(refusal: &Refusal<'_>) -> Option<Finding> {
    let (map, _, line) = libbpf::failed_map(refusal.log)?;
    Some(refusal.blocked_by(&format!("map `{map}` could not be created"), line))
}

pub(in crate::judge) fn kernel_without_btf(refusal: &Refusal<'_>) -> Option<Finding> {
    let name = &refusal.program.name;
    let without = refusal.facts.is_some_and(|facts| facts.btf_bytes == 0);
    let line = libbpf::line_that_begins(refusal.log, "Error loading vmlinux BTF")
        .or_else(|| libbpf::missing_target(refusal.log, name).map(|(_, line)| line).filter(|_| without))?;
    let says = format!("This kernel publishes no BTF and `{name}` needs it.");
    let code = CauseCode::KernelWithoutBtf;
    Some(
        if without { Finding::certain(code, name, says) } else { Finding::likely(code, name, says) }.on(line),
    )
}

pub(in crate::judge) fn kfunc_missing(refusal: &Refusal<'_>) -> Option<Finding> {
    let MissingKfunc { name: kfunc, incompatible, line } = libbpf::missing_kfunc(refusal.log)?;
    if !refusal.needs(kfunc) {
        return Some(refusal.blocked_by(&format!("the object calls kernel function `{kfunc}`"), line));
    }
    let finding = if incompatible {
        let name = &refusal.program.name;
        let says = format!("This kernel has `{kfunc}` with other parameters than `{name}` calls it with.");
        Finding::certain(CauseCode::KfuncMissing, kfunc, says)
    } else {
        let place = refusal.modules.place(kfunc);
        place.untyped(kfunc, &refusal.program.name).unwrap_or_else(|| {
            let says = format!(
                "Neither this kernel nor {} has a function `{kfunc}` that programs may call.",
                place.searched()
            );
            place.missing(CauseCode::KfuncMissing, kfunc, says)
        })
    };
    Some(finding.on(line))
}

/// The configuration is a file beside the kernel; without it nothing was learnt about the value.
pub(in crate::judge) fn config_unreadable(refusal: &Refusal<'_>) -> Option<Finding> {
    let line = libbpf::line_that_begins(refusal.log, "failed to open system Kconfig")?;
    let name = &refusal.program.name;
    let says = format!("The guest has no kernel configuration to read, which loading `{name}` needs.");
    Some(Finding::certain(CauseCode::Infrastructure, name, says).on(line))
}

pub(in crate::judge) fn extern_missing(refusal: &Refusal<'_>) -> Option<Finding> {
    let (symbol, line) = libbpf::missing_extern(refusal.log)?;
    if !refusal.needs(symbol) {
        return Some(refusal.blocked_by(&format!("the object reads kernel symbol `{symbol}`"), line));
    }
    let place = refusal.modules.place(symbol);
    let says = format!("This kernel has no `{symbol}` as the object declares it.");
    let finding = match place {
        Place::Unknown if !wanted::is_of_kernel(symbol) => {
            Finding::certain(CauseCode::ExternMissing, symbol, says)
        }
        Place::Unknown | Place::Nowhere | Place::Absent { .. } => {
            place.missing(CauseCode::ExternMissing, symbol, says)
        }
        Place::Loaded { .. } => Finding::certain(CauseCode::ExternMissing, symbol, says),
    };
    Some(finding.on(line))
}

pub(in crate::judge) fn struct_ops_missing(refusal: &Refusal<'_>) -> Option<Finding> {
    let (name, line) = libbpf::missing_struct_ops(refusal.log)?;
    if refusal.program.kind != "struct_ops" {
        return Some(refusal.blocked_by(&format!("the object implements struct_ops `{name}`"), line));
    }
    let says = format!("This kernel has no struct_ops interface `{name}`.");
    Some(Finding::certain(CauseCode::StructOpsMissing, name, says).on(line))
}

pub(in crate::judge) fn target_missing(refusal: &Refusal<'_>) -> Option<Finding> {
    let (target, line) = libbpf::missing_target(refusal.log, &refusal.program.name)?;
    let ProgramFact { name, section, .. } = refusal.program;
    let wanted = wanted::of_section(section);
    let place = wanted.map_or(Place::Unknown, |wanted| refusal.modules.place(&wanted.symbol));
    let finding = place.untyped(target, name).unwrap_or_else(|| {
        let searched = place.searched();
        let code = missing_hook(section);
        let says = if code == CauseCode::TracepointMissing {
            format!("Neither this kernel's BTF nor that of {searched} has tracepoint `{target}`.")
        } else {
            format!("Neither this kernel's BTF nor that of {searched} has `{target}` to attach `{name}` to.")
        };
        place.missing(code, target, says)
    });
    Some(finding.on(line))
}

pub(in crate::judge) fn contract_unmet(refusal: &Refusal<'_>) -> Option<Finding> {
    let name = &refusal.program.name;
    CONTRACTS.iter().find_map(|(words, lacks)| {
        let line = libbpf::line_that_begins(refusal.log, &format!("prog '{name}': {words}"))?;
        let says = format!("`{name}` lacks {lacks}; its own loader sets it.");
        Some(Finding::certain(CauseCode::LoaderContract, name, says).on(line))
    })
}

/// libbpf turns an access it cannot relocate into an impossible call, so the verifier's
/// complaint about a helper is really about a type or field.
pub(in crate::judge) fn relocation_failed(refusal: &Refusal<'_>) -> Option<Finding> {
    let name = &refusal.program.name;
    let said = refusal.said();
    let named = said.strip_prefix("failed to resolve CO-RE relocation ");
    let (spec, line) = if let Some(spec) = named {
        (Some(spec), said)
    } else if verifier::refused_helper(said) == Some(libbpf::POISON_CORE) {
        let instruction = refusal.rejection().and_then(|rejection| rejection.location.instruction);
        let failed = libbpf::failed_relocation(refusal.log, name, instruction);
        failed.map_or((None, said), |(line, spec)| (Some(spec), line))
    } else {
        (None, libbpf::ended_relocation(refusal.log, name)?)
    };
    let Some(spec) = spec else {
        let says = format!("A relocation of `{name}` to this kernel's BTF failed: {line}.");
        return Some(Finding::likely(CauseCode::CoreFieldMissing, name, says).on(line));
    };
    let subject = libbpf::core_subject(spec).unwrap_or_else(|| spec.to_owned());
    let (code, says) = match libbpf::lacks(refusal.log, spec) {
        Lacks::Type => {
            let of = subject.split('.').next().unwrap_or(&subject);
            let says = format!("This kernel's BTF has no type `{of}`, of which `{name}` reads `{subject}`.");
            (CauseCode::CoreTypeMissing, says)
        }
        Lacks::Field => {
            let says = format!("This kernel's BTF has no `{subject}`, which `{name}` reads unconditionally.");
            (CauseCode::CoreFieldMissing, says)
        }
        Lacks::Enumerator => {
            let says = format!("This kernel's BTF has no `{subject}`, which `{name}` needs unconditionally.");
            (CauseCode::CoreEnumeratorMissing, says)
        }
    };
    Some(Finding::certain(code, &subject, says).on(line))
}

/// The same trick with a weak kernel function or a map that was left out.
pub(in crate::judge) fn call_poisoned(refusal: &Refusal<'_>) -> Option<Finding> {
    let name = &refusal.program.name;
    let said = refusal.said();
    let number = verifier::refused_helper(said).unwrap_or_default();
    let quoted = |suffix: &str| said.strip_suffix(suffix).and_then(|said| said.split('\'').nth(1));
    // The verifier's words are not enough to say that it did not refuse the program itself.
    if libbpf::leaves_out_map(refusal.log) {
        if let Some(map) = quoted("' is referenced but wasn't created") {
            return Some(refusal.blocked_by(&format!("map `{map}` was not created"), said));
        }
        if (libbpf::POISON_MAP..libbpf::POISON_KFUNC).contains(&number) {
            return Some(refusal.blocked_by("a map it uses was not created", said));
        }
    }
    let kfunc = match quoted("' is referenced but wasn't resolved") {
        Some(kfunc) => kfunc,
        None if number >= libbpf::POISON_KFUNC => libbpf::poisoned_kfunc(refusal.log, name).unwrap_or(name),
        None => return None,
    };
    let place = refusal.modules.place(kfunc);
    let finding = place.untyped(kfunc, name).unwrap_or_else(|| {
        let says = format!(
            "Neither this kernel nor {} has a function `{kfunc}`, which `{name}` calls unconditionally.",
            place.searched()
        );
        place.missing(CauseCode::KfuncMissing, kfunc, says)
    });
    Some(finding.on(said))
}

pub(in crate::judge) fn kfunc_refused(refusal: &Refusal<'_>) -> Option<Finding> {
    let said = refusal.said();
    let kfunc = said.strip_prefix("calling kernel function ")?.split(' ').next()?;
    let says =
        format!("This kernel does not let programs of type `{}` call `{kfunc}`.", refusal.program.kind);
    Some(Finding::likely(CauseCode::KfuncMissing, kfunc, says).on(said))
}

/// Kernels before 5.13 have no calls of kernel functions, and take one for a damaged call.
pub(in crate::judge) fn kfunc_calls_unknown(refusal: &Refusal<'_>) -> Option<Finding> {
    let said = refusal.said();
    if said != "BPF_CALL uses reserved fields" {
        return None;
    }
    let kfunc = libbpf::found_kfuncs(refusal.log).find(|kfunc| refusal.needs(kfunc))?;
    let says = format!(
        "This kernel has `{kfunc}`, which `{}` calls, and lets programs call none of its functions.",
        refusal.program.name
    );
    Some(Finding::likely(CauseCode::KfuncMissing, kfunc, says).on(said))
}

/// Functions about a packet's metadata are those of one network device.
const OF_DEVICE: &str = "bpf_xdp_metadata_";

/// A section cannot name the device.
pub(in crate::judge) fn device_unbound(refusal: &Refusal<'_>) -> Option<Finding> {
    let name = &refusal.program.name;
    let said = refusal.said();
    if said != "metadata kfuncs require device-bound program" {
        return None;
    }
    let mut kfuncs = libbpf::found_kfuncs(refusal.log);
    let kfunc = kfuncs.find(|kfunc| kfunc.starts_with(OF_DEVICE) && refusal.needs(kfunc))?;
    let says = format!(
        "`{name}` lacks the network device whose `{kfunc}` it calls; its own loader binds it to one."
    );
    Some(Finding::likely(CauseCode::LoaderContract, name, says).on(said))
}

pub(in crate::judge) fn helper_unknown(refusal: &Refusal<'_>) -> Option<Finding> {
    let said = refusal.said();
    let number = verifier::refused_helper(said)?;
    let name = helper::name(number);
    let known = refusal.facts.and_then(|facts| facts.helpers);
    if let Some(known) = known.filter(|known| number >= *known) {
        let says = format!("This kernel has no `{name}`: its helpers have the numbers below {known}.");
        return Some(Finding::certain(CauseCode::HelperUnknown, &name, says).on(said));
    }
    let says = format!("This kernel does not let programs of type `{}` call `{name}`.", refusal.program.kind);
    Some(Finding::likely(CauseCode::HelperUnknown, &name, says).on(said))
}

pub(in crate::judge) fn too_complex(refusal: &Refusal<'_>) -> Option<Finding> {
    let name = &refusal.program.name;
    let kind = refusal.rejection().map_or(Kind::Unknown, |rejection| rejection.kind);
    let (code, what) = match kind {
        Kind::TooManyJumps => (CauseCode::TooManyJumps, "it has too many branches to come back to"),
        // Without a word, the program alone has more instructions than a walk may take.
        Kind::Unknown if refusal.errno != Errno::E2BIG => return None,
        Kind::TooManyInstructions | Kind::Unknown => {
            (CauseCode::TooManyInstructions, "it has too many instructions to walk")
        }
        _ => return None,
    };
    let says = format!("The verifier gave up on `{name}`: {what}.");
    Some(Finding::likely(code, name, says))
}

pub(in crate::judge) fn type_unknown(refusal: &Refusal<'_>) -> Option<Finding> {
    let kind = &refusal.program.kind;
    let number = section::number(section::PROGRAM_TYPES, kind)?;
    let known = refusal.facts.and_then(|facts| facts.program_types)?;
    let unknown = number >= known && matches!(refusal.errno, Errno::EINVAL | Errno::E2BIG);
    (unknown && refusal.unverified()).then(|| {
        let says = format!(
            "This kernel does not know program type `{kind}` (number {number}): it has the types below {known}."
        );
        Finding::certain(CauseCode::ProgramTypeUnknown, kind, says)
    })
}

/// Bytes of a program's name that reach the kernel: `BPF_OBJ_NAME_LEN` (linux/bpf.h) without its end.
const NAME_BYTES_MAX: usize = 15;

/// What `bpf_obj_name_cpy` (kernel/bpf/syscall.c) takes: the letters and digits of the kernel's own
/// character table, which is that of Latin-1, `_` and `.`.
fn is_of_name(byte: u8) -> bool {
    let latin = byte >= 0xC0 && byte != 0xD7 && byte != 0xF7;
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || latin
}

pub(in crate::judge) fn name_refused(refusal: &Refusal<'_>) -> Option<Finding> {
    let name = &refusal.program.name;
    let refused = name.bytes().take(NAME_BYTES_MAX).any(|byte| !is_of_name(byte));
    (refused && refusal.errno == Errno::EINVAL && refusal.unverified()).then(|| {
        let says = format!(
            "This kernel refuses the name of `{name}`: names are made of ASCII letters, digits, `_` and `.`. \
             Rename the function."
        );
        Finding::certain(CauseCode::NameRefused, name, says)
    })
}

/// The kernel checks type, attach type and flags before it verifies. These are root's own
/// loads, so EPERM means the feature, not a missing capability: tracing without ftrace says it.
pub(in crate::judge) fn refused_unverified(refusal: &Refusal<'_>) -> Option<Finding> {
    let ProgramFact { name, section, kind, .. } = refusal.program;
    let unable = [Errno::EINVAL, Errno::EPERM, Errno::EOPNOTSUPP, Errno::ENOTSUPP].contains(&refusal.errno);
    (unable && refusal.unverified()).then(|| {
        let says = format!(
            "This kernel refused `{name}` ({}) before verifying it: it knows type `{kind}` and not this use of \
             it, section `{section}`, or the type is switched off in this build.",
            refusal.errno
        );
        Finding::likely(CauseCode::AttachUnsupported, section, says)
    })
}

/// The number of `bpf_for_each_map_elem`, the first helper that takes a function of the program (5.13).
const FIRST_CALLBACK: u32 = 164;

/// Such a kernel does not count a function that is only handed on, and finds one too many described.
pub(in crate::judge) fn callbacks_unknown(refusal: &Refusal<'_>) -> Option<Finding> {
    let name = &refusal.program.name;
    let said = refusal.said();
    let too_old = refusal.facts.and_then(|facts| facts.helpers).is_some_and(|known| known <= FIRST_CALLBACK);
    (too_old && said.starts_with("number of funcs in func_info doesn't match")).then(|| {
        let says = format!(
            "The verifier rejected `{name}`: it hands a function of its own to a helper, and this kernel knows \
             no callbacks."
        );
        Finding::likely(CauseCode::CallbackUnknown, name, says).on(said)
    })
}

/// The number of `bpf_check_mtu`, which came with 5.12, as did atomic operations that have a result.
const LAST_BEFORE_ATOMICS: u32 = 163;

/// An older kernel knows one atomic operation, an addition, and takes the others for a damaged one.
pub(in crate::judge) fn atomics_unknown(refusal: &Refusal<'_>) -> Option<Finding> {
    let rejection = refusal.rejection()?;
    let known = refusal.facts.and_then(|facts| facts.helpers)?;
    let damaged = rejection.line.starts_with("BPF_STX uses reserved fields");
    (damaged && known <= LAST_BEFORE_ATOMICS).then(|| {
        let says = format!(
            "The verifier rejected {} This kernel is older than 5.12 and has no atomic operation but an addition \
             whose result nobody reads: leave results unused and compile with -mcpu=v2.",
            where_and_why(refusal, rejection)
        );
        Finding::likely(CauseCode::InstructionUnknown, &refusal.program.name, says)
    })
}

/// The verifier walked the program and said no. EACCES is then a refused access; the loads are root's, so it is
/// never a lack of permission.
pub(in crate::judge) fn rejected(refusal: &Refusal<'_>) -> Option<Finding> {
    let rejection = refusal.rejection()?;
    let is_access = refusal.errno == Errno::EACCES;
    let of_errno = if is_access { CauseCode::VerifierAccess } else { CauseCode::VerifierInvalid };
    let what = if is_access { "an access in " } else { "" };
    let says = format!("The verifier rejected {what}{}", where_and_why(refusal, rejection));
    let name = &refusal.program.name;
    Some(match verifier_kind::code_of(rejection.kind) {
        Some(code) => Finding::likely(code, name, says),
        None => Finding::certain(of_errno, name, says),
    })
}

fn where_and_why(refusal: &Refusal<'_>, rejection: &Rejection<'_>) -> String {
    let name = &refusal.program.name;
    let at = rejection.location.instruction.map_or_else(String::new, |at| format!(" at instruction {at}"));
    let why = rejection.reason.as_deref().unwrap_or(rejection.line).trim_end_matches('.');
    format!("`{name}`{at}: {why}.")
}

pub(in crate::judge) fn unexplained(refusal: &Refusal<'_>) -> Finding {
    let name = &refusal.program.name;
    let says = format!("Loading `{name}` failed with {} and no rule knows why.", refusal.errno);
    Finding { confidence: Confidence::Unknown, ..Finding::likely(CauseCode::Unexplained, name, says) }
}
