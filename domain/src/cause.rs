//! Causes: the typed reason of a verdict that is not a pass.

use crate::change::Change;
use crate::errno::Errno;
use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($(#[$meta:meta])* $variant:ident = $name:literal => $verdict:ident,)*) => {
        /// What kind of reason it is. The names are stable: people script against them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum CauseCode { $($(#[$meta])* #[serde(rename = $name)] $variant,)* }

        impl CauseCode {
            /// Every code, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name used in reports and SQL.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The verdict that goes with it in one guest: only a kernel's own refusal is a failure.
            pub fn verdict(self) -> Verdict {
                match self { $(Self::$variant => Verdict::$verdict,)* }
            }
        }
    };
}

// An alias is a name that stored answers and manifests may still have, from before its meaning was told apart.
codes! {
    /// The bytes are not an eBPF object that its loader can open.
    NotAnObject = "not_an_object" => Fails,
    /// The object uses a format that is newer than its loader; a newer loader opens it.
    LoaderTooOld = "loader_too_old" => Fails,
    /// The kernel refuses the object's own type information and the object cannot be loaded without.
    BtfRejected = "btf_rejected" => Fails,
    /// The kernel does not know this map type.
    MapTypeUnknown = "map_type_unknown" => Fails,
    /// The kernel knows the map type and refused this map (size, key or value).
    MapRefused = "map_refused" => Fails,
    /// The kernel does not create this map with a flag that it has, and does without.
    MapFlagRefused = "map_flag_refused" => Fails,
    /// The map is larger than the kernel's limit.
    MapTooLarge = "map_too_large" => Fails,
    /// The kernel does not know this program type.
    ProgramTypeUnknown = "program_type_unknown" => Fails,
    /// The kernel refuses the name of the program.
    NameRefused = "name_refused" => Fails,
    /// The loader lacks a capability that the kernel wants for this.
    CapabilityMissing = "capability_missing" => Fails,
    /// The kernel is locked down and refuses this even to root.
    LockedDown = "locked_down" => Fails,
    /// The loader may not lock as much memory as the kernel counts for this.
    MemlockLimit = "memlock_limit" => Fails,
    /// The kernel has no helper of this number for this program type.
    HelperUnknown = "helper_unknown" => Fails,
    /// The helper is for programs under the GPL, and the object says another licence.
    GplOnly = "gpl_only" => Fails,
    /// The kernel has no such kfunc, or none that this program may call.
    KfuncMissing = "kfunc_missing" => Fails,
    /// The kernel does not know an instruction of the program, or finds it damaged.
    InstructionUnknown = "instruction_unknown" => Fails,
    /// The kernel does not know functions of the program that are handed to a helper.
    CallbackUnknown = "callback_unknown" => Fails,
    /// The kernel has no such symbol, variable or configuration value that the object reads.
    ExternMissing = "extern_missing" => Fails,
    /// A CO-RE relocation found no such type in the kernel's BTF.
    CoreTypeMissing = "core_type_missing" => Fails,
    /// A CO-RE relocation found the type in the kernel's BTF and not this field.
    #[serde(alias = "core_missing")]
    CoreFieldMissing = "core_field_missing" => Fails,
    /// A CO-RE relocation found no such enumerator in the kernel's BTF.
    CoreEnumeratorMissing = "core_enumerator_missing" => Fails,
    /// The kernel has no struct_ops interface of this name, or not as the object has it.
    #[serde(alias = "btf_type_missing")]
    StructOpsMissing = "struct_ops_missing" => Fails,
    /// The kernel publishes no BTF and the object needs it.
    KernelWithoutBtf = "kernel_without_btf" => Fails,
    /// The kernel publishes no BTF of the module in which the object needs something.
    ModuleWithoutBtf = "module_without_btf" => Fails,
    /// The kernel has no such tracepoint.
    TracepointMissing = "tracepoint_missing" => Fails,
    /// The kernel has no such function to probe.
    SymbolMissing = "symbol_missing" => Fails,
    /// Several functions of the kernel have the name, and it probes none of them by name.
    SymbolAmbiguous = "symbol_ambiguous" => Fails,
    /// The kernel has no such hook of security modules.
    LsmHookMissing = "lsm_hook_missing" => Fails,
    /// What a program should be attached to does not exist in this kernel.
    AttachTargetMissing = "attach_target_missing" => Fails,
    /// The kernel cannot attach this kind of program, or cannot do it this way.
    AttachUnsupported = "attach_unsupported" => Fails,
    /// The attachment was accepted but the hook is never called: bpf is not an active LSM.
    LsmInactive = "lsm_inactive" => NotAttempted,
    /// The attachment was accepted and does not see every call: several functions have the name that was given.
    AttachedBlind = "attached_blind" => NotAttempted,
    /// The verifier rejected the use of a pointer that may be null.
    VerifierNull = "verifier_null" => Fails,
    /// The verifier rejected an access outside of what a pointer points to.
    VerifierBounds = "verifier_bounds" => Fails,
    /// The verifier rejected the read of a register or of stack that nothing was written to.
    VerifierUninitialised = "verifier_uninitialised" => Fails,
    /// The verifier rejected what the program returns.
    VerifierReturn = "verifier_return" => Fails,
    /// The verifier found a reference that is not given back, or given back wrongly.
    VerifierReference = "verifier_reference" => Fails,
    /// The verifier rejected an access to the program's context.
    VerifierContext = "verifier_context" => Fails,
    /// The verifier rejected an access to a structure of the kernel: this kernel has no such field there, or does
    /// not let programs access it so.
    VerifierStruct = "verifier_struct" => Fails,
    /// The verifier rejected arithmetic on a pointer.
    VerifierPointer = "verifier_pointer" => Fails,
    /// The verifier rejected an argument of a call.
    VerifierArgument = "verifier_argument" => Fails,
    /// The verifier found a loop without an end.
    VerifierLoop = "verifier_loop" => Fails,
    /// The verifier rejected something that may sleep, or a program that may, where it must not.
    VerifierSleep = "verifier_sleep" => Fails,
    /// The verifier rejected the use of a lock or of a section that must be left again.
    VerifierLock = "verifier_lock" => Fails,
    /// The verifier rejected an access for another reason (EACCES).
    VerifierAccess = "verifier_access" => Fails,
    /// The verifier rejected the program for another reason.
    VerifierInvalid = "verifier_invalid" => Fails,
    /// The verifier gave up: more instructions to walk than it walks.
    #[serde(alias = "verifier_too_complex")]
    TooManyInstructions = "too_many_instructions" => Fails,
    /// The verifier gave up: more branches to come back to than it keeps.
    TooManyJumps = "too_many_jumps" => Fails,
    /// The program uses more stack than a chain of calls has.
    StackTooDeep = "stack_too_deep" => Fails,
    /// The program's functions call each other deeper than the kernel allows.
    CallsTooDeep = "calls_too_deep" => Fails,
    /// A command that ran while the programs were attached did not do what was expected.
    CheckFailed = "check_failed" => Fails,
    /// A loader of somebody's own did not end as expected.
    CommandFailed = "command_failed" => Fails,
    /// Something its own loader sets at run time was missing, so the object was not really tried.
    LoaderContract = "loader_contract" => NotAttempted,
    /// The loader has no way to do what the object asks for, or refused it by itself; another loader may
    /// have. Says nothing about the kernel.
    LoaderUnable = "loader_unable" => Fails,
    /// No alternative of a group that the contract declares can work on this kernel.
    VariantMissing = "variant_missing" => Fails,
    /// The guest had too little memory; says nothing about the object.
    GuestMemory = "guest_memory" => Inconclusive,
    /// A module that has what the object names was not in the guest, and would not be in another; says
    /// nothing about the object.
    ModuleAbsent = "module_absent" => Inconclusive,
    /// The kernel cannot give the environment that was asked for.
    EnvironmentUnavailable = "environment_unavailable" => NotAttempted,
    /// The validator has no way yet to exercise this.
    NotExercised = "not_exercised" => NotAttempted,
    /// Nothing could be tried because an earlier step failed.
    Blocked = "blocked" => NotAttempted,
    /// The kernel printed a warning, an oops or worse while the object was exercised.
    KernelSplat = "kernel_splat" => Inconclusive,
    /// The kernel panicked while the object was exercised.
    KernelPanic = "kernel_panic" => Inconclusive,
    /// The kernel said that it was stuck while the object was exercised and never went on, or was
    /// in a program of the object when the time was over.
    KernelHang = "kernel_hang" => Inconclusive,
    /// The guest died before it answered.
    GuestDied = "guest_died" => Inconclusive,
    /// A deadline passed before the guest answered.
    Deadline = "deadline" => Inconclusive,
    /// The worker or its tools failed; says nothing about the object.
    Infrastructure = "infrastructure" => Inconclusive,
    /// The kernel refused and no rule knows why; the evidence has the log.
    Unexplained = "unexplained" => Fails,
}

impl fmt::Display for CauseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The step at which it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Getting a kernel and a guest.
    Guest,
    /// Opening the object.
    Open,
    /// Creating maps.
    Map,
    /// Loading programs.
    Load,
    /// Attaching programs.
    Attach,
    /// Running checks while the programs are attached.
    Behave,
}

impl Stage {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Open => "open",
            Self::Map => "map",
            Self::Load => "load",
            Self::Attach => "attach",
            Self::Behave => "behave",
        }
    }
}

/// How sure the judgement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The kernel's own facts (errno and subject) say so.
    Certain,
    /// Decided by the text of a log.
    Likely,
    /// No rule matched.
    Unknown,
}

impl Confidence {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Unknown => "unknown",
        }
    }
}

/// Where in the program it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Location {
    /// Index of the failing instruction.
    pub instruction: Option<u32>,
    /// The instruction as the verifier printed it.
    pub disassembly: Option<String>,
    /// Source file, if the object has line information.
    pub file: Option<String>,
    /// Source line number.
    pub line: Option<u32>,
    /// The source line itself.
    pub source: Option<String>,
}

/// Why a verdict is not a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What kind of reason.
    pub code: CauseCode,
    /// At which step.
    pub stage: Stage,
    /// The program, map, helper, kfunc, field or hook it is about; may be empty.
    pub subject: String,
    /// What the kernel returned.
    pub errno: Option<Errno>,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence for a person.
    pub says: String,
    /// The last meaningful line of the log it was decided on; may be empty.
    pub log_line: String,
    /// Where in the program.
    pub location: Option<Location>,
    /// Why the kernel insists on it, in a sentence or two; empty where `says` says it all.
    #[serde(default)]
    pub why: String,
    /// How the program came to be refused, oldest first, at most [`PATH_LINES_MAX`] lines; empty where there is
    /// no such way.
    #[serde(default)]
    pub path: Vec<String>,
    /// The first upstream kernel that has what is missing, if something is.
    #[serde(default)]
    pub since: Option<Since>,
    /// What to change, if anything is known to help.
    #[serde(default)]
    pub remedy: Option<Remedy>,
}

/// Lines of the way to a refusal at most: what fits on a screen beside the rest of a cause.
pub const PATH_LINES_MAX: usize = 15;

/// The first upstream kernel that has a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// Such as `5.11`.
    pub version: String,
    /// The commit that brought it, in hexadecimal, where it is known.
    pub commit: Option<String>,
    /// Where upstream stood with it at the series of the kernel that lacks it.
    #[serde(default)]
    pub standing: Standing,
}

/// Where upstream stands with a feature at one series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It came later.
    #[default]
    NotYet,
    /// It is there, in kernels that were built with it.
    There,
    /// It was removed or has another name.
    Gone,
}

impl Standing {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotYet => "not_yet",
            Self::There => "there",
            Self::Gone => "gone",
        }
    }
}

/// A change that should help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    /// What to change, in one sentence.
    pub says: String,
    /// What of it can be tried in another guest without the object's author.
    #[serde(default)]
    pub change: Option<Change>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_those_that_were_given_up_too() {
        let read = |name: &str| serde_json::from_value::<CauseCode>(name.into()).ok();
        for code in CauseCode::ALL {
            assert_eq!(read(code.name()), Some(*code));
        }
        for (name, code) in [
            ("core_missing", CauseCode::CoreFieldMissing),
            ("btf_type_missing", CauseCode::StructOpsMissing),
            ("verifier_too_complex", CauseCode::TooManyInstructions),
        ] {
            assert_eq!(read(name), Some(code));
        }
        assert_eq!(read("no_such_cause"), None);
    }
}
