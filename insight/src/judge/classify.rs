//! Why a kernel refused: one table of rules per step, the first match decides.
//!
//! Rules look at errno and the kernel's own facts first and at the text of logs last. A rule
//! that only text supports says `Likely`. What no rule knows is `Unexplained`: a refusal nobody
//! understands yet, never a guess.

use super::refusal::{attach, load, map};
use domain::cause::{CauseCode, Confidence};

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) code: CauseCode,
    pub(super) subject: String,
    pub(super) confidence: Confidence,
    pub(super) says: String,
    /// The line it was decided on; empty when errno and facts were enough.
    pub(super) line: String,
}

impl Finding {
    /// Errno and facts say so.
    pub(super) fn certain(code: CauseCode, subject: &str, says: String) -> Self {
        let (subject, line) = (subject.to_owned(), String::new());
        Self { code, subject, confidence: Confidence::Certain, says, line }
    }

    /// The text of a log says so.
    pub(super) fn likely(code: CauseCode, subject: &str, says: String) -> Self {
        Self { confidence: Confidence::Likely, ..Self::certain(code, subject, says) }
    }

    /// With the log line it was decided on.
    pub(super) fn on(self, line: &str) -> Self {
        Self { line: line.to_owned(), ..self }
    }
}

// A rule yields its finding if it applies.
type MapRule = fn(&map::Refusal<'_>) -> Option<Finding>;
type LoadRule = fn(&load::Refusal<'_>) -> Option<Finding>;
type AttachRule = fn(&attach::Refusal<'_>) -> Option<Finding>;

/// Why a map was not created.
const MAP: &[MapRule] = &[
    map::no_memory,
    map::type_unknown,
    map::struct_ops_missing,
    map::too_large,
    map::flag_refused,
    map::inner_map_missing,
    map::size_missing,
];

/// Why a program was not loaded. Order matters: what stopped libbpf before the kernel saw the
/// program comes first, then what the verifier was misled by, then the verifier itself.
const LOAD: &[LoadRule] = &[
    load::no_memory,
    load::interrupted,
    load::slot_of_another_program,
    load::btf_rejected,
    load::map_failed,
    load::kernel_without_btf,
    load::kfunc_missing,
    load::config_unreadable,
    load::extern_missing,
    load::struct_ops_missing,
    load::target_missing,
    load::contract_unmet,
    load::relocation_failed,
    load::call_poisoned,
    load::kfunc_refused,
    load::kfunc_calls_unknown,
    load::device_unbound,
    load::helper_unknown,
    load::type_unknown,
    load::too_complex,
    load::name_refused,
    load::refused_unverified,
    load::callbacks_unknown,
    load::atomics_unknown,
    load::rejected,
];

/// Why a program was not attached.
const ATTACH: &[AttachRule] = &[
    attach::no_memory,
    attach::static_probes_unheld,
    attach::untraceable,
    attach::name_of_several,
    attach::busy,
    attach::guest_unprepared,
    attach::module_lacking,
    attach::not_in_guest,
    attach::not_attachable_alone,
    attach::target_missing,
    attach::name_in_kernel_and_module,
    attach::unsupported,
];

pub(super) fn map(refusal: &map::Refusal<'_>) -> Finding {
    MAP.iter().find_map(|rule| rule(refusal)).unwrap_or_else(|| map::refused(refusal))
}

pub(super) fn load(refusal: &load::Refusal<'_>) -> Finding {
    LOAD.iter().find_map(|rule| rule(refusal)).unwrap_or_else(|| load::unexplained(refusal))
}

pub(super) fn attach(refusal: &attach::Refusal<'_>) -> Finding {
    ATTACH.iter().find_map(|rule| rule(refusal)).unwrap_or_else(|| attach::unexplained(refusal))
}
