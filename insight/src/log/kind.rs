//! Kinds of refusal, by the sentences that verifiers of 4.18 to 7.3 have for them.
//!
//! In: the sentences with which a verifier ended. Out: the first entry of `kind/table.toml` that has one of
//! them, with a reason and a change that name the registers, types and sizes of that sentence.
//!
//! ```text
//! R{r} invalid mem access '{type}'     a pattern: names match the shortest text that is not empty
//! R{r} holds {type} here, …            a reason: the same names stand for what they matched
//! ```
//!
//! Deliberately absent: what a kind means for a verdict. The sentences are a kernel's, so a kind is as
//! certain as the log is.

use serde::Deserialize;
use std::sync::LazyLock;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What the verifier objects to. The names are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        pub enum Kind { $($(#[$doc])* #[serde(rename = $name)] $variant,)* }

        impl Kind {
            /// Every kind, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in the table.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// A pointer that may be null is used.
    NullDereference = "null_dereference",
    /// A number is used as a pointer.
    ScalarDereference = "scalar_dereference",
    /// A pointer is used that does not allow it, as the end of a packet.
    InvalidDereference = "invalid_dereference",
    /// An access to a map value, a buffer or other memory that may lie outside of it.
    OutOfBounds = "out_of_bounds",
    /// An access to a packet that was not compared with the packet's end.
    PacketAccess = "packet_access",
    /// An access outside of the stack.
    StackOutOfBounds = "stack_out_of_bounds",
    /// An access to the stack at a place that is only known when it runs.
    VariableStackAccess = "variable_stack_access",
    /// A pointer kept on the stack is overwritten in part.
    SpilledPointer = "spilled_pointer",
    /// A register is read that nothing wrote.
    UninitialisedRead = "uninitialised_read",
    /// Stack is read that nothing wrote.
    UninitialisedStack = "uninitialised_stack",
    /// The context has no such field, or none that may be accessed so.
    ContextAccess = "context_access",
    /// The context is accessed through a pointer that was moved.
    ModifiedContextPointer = "modified_context_pointer",
    /// Memory that may only be read is written.
    WriteToReadOnly = "write_to_read_only",
    /// An access at an address that is no multiple of its size.
    Misaligned = "misaligned",
    /// A calculation with a pointer that makes it untrackable.
    PointerArithmetic = "pointer_arithmetic",
    /// One instruction accesses memory through pointers of different types.
    MixedPointers = "mixed_pointers",
    /// An address is stored where somebody without rights reads it.
    PointerLeak = "pointer_leak",
    /// An access to a kernel structure outside of it or of a kind that it does not allow.
    KernelStructAccess = "kernel_struct_access",
    /// A kernel pointer in a map that is used like a number.
    KernelPointerInMap = "kernel_pointer_in_map",
    /// A lock, timer or the like is read or written like data, or is not where it must be.
    SpecialField = "special_field",
    /// An atomic operation on memory that allows none.
    AtomicMisuse = "atomic_misuse",
    /// An access to an arena that the program does not have, or of a kind that it does not allow.
    ArenaMisuse = "arena_misuse",
    /// The program returns something that its hook does not know.
    BadReturnRange = "bad_return_range",
    /// The program returns a pointer or nothing where a number is wanted.
    BadReturnType = "bad_return_type",
    /// What was acquired is not released on some path.
    LeakedReference = "leaked_reference",
    /// What is released was not acquired, or is released twice.
    UnownedRelease = "unowned_release",
    /// A lock is not given back, taken twice, or held where it may not be.
    LockMisuse = "lock_misuse",
    /// An RCU, preemption or interrupt section is not closed or closed in the wrong order.
    SectionMisuse = "section_misuse",
    /// A call that may sleep where nothing may, or a program that may not sleep.
    SleepableMisuse = "sleepable_misuse",
    /// The verifier comes back to the same state.
    UnboundedLoop = "unbounded_loop",
    /// More instructions than the verifier looks at.
    TooManyInstructions = "too_many_instructions",
    /// More branches than the verifier keeps.
    TooManyJumps = "too_many_jumps",
    /// The functions of a call chain use more stack than there is.
    StackTooDeep = "stack_too_deep",
    /// More calls inside each other than the verifier follows.
    CallsTooDeep = "calls_too_deep",
    /// A function that calls itself.
    Recursion = "recursion",
    /// Instructions that nothing reaches.
    UnreachableCode = "unreachable_code",
    /// The program or one of its functions runs past its last instruction.
    FallsThrough = "falls_through",
    /// A jump that leaves its function or lands inside an instruction.
    JumpOutOfRange = "jump_out_of_range",
    /// An instruction that this kernel does not know or that is damaged.
    InvalidInstruction = "invalid_instruction",
    /// An instruction that no kernel takes.
    DamagedInstruction = "damaged_instruction",
    /// The frame pointer is written.
    FramePointerWritten = "frame_pointer_written",
    /// A helper that this kernel or type of program does not have.
    HelperUnavailable = "helper_unavailable",
    /// A helper or function that only programs under the GPL may call.
    GplOnly = "gpl_only",
    /// An argument of a helper has another type than it wants.
    ArgumentType = "argument_type",
    /// The size given to a helper may be negative, zero or larger than the memory.
    ArgumentSize = "argument_size",
    /// An argument that must be a constant is none.
    ArgumentNotConstant = "argument_not_constant",
    /// A pointer that may be null is handed to a function that takes none.
    ArgumentNull = "argument_null",
    /// A kernel function that this program may not call.
    KfuncUnavailable = "kfunc_unavailable",
    /// An argument of a kernel function is not what it wants.
    KfuncArgument = "kfunc_argument",
    /// An iterator is not created, used and destroyed in this order.
    IteratorMisuse = "iterator_misuse",
    /// A dynptr is not initialised, or not of the type that is wanted.
    DynptrMisuse = "dynptr_misuse",
    /// A function handed to a helper is not what the helper may call.
    CallbackMisuse = "callback_misuse",
    /// Nodes of lists and trees are used outside of what keeps them.
    GraphMisuse = "graph_misuse",
    /// An exception is thrown or caught where that cannot be.
    ExceptionMisuse = "exception_misuse",
    /// A tail call that this program may not make.
    TailCall = "tail_call",
    /// A function that is verified by itself has parameters or a result that cannot be.
    GlobalFunction = "global_function",
    /// A map that this program, or this helper, may not use.
    MapUnusable = "map_unusable",
    /// What the program wants to be attached to cannot be.
    TargetRefused = "target_refused",
    /// The old instructions that load from packets, where they are not known.
    LegacyPacketLoad = "legacy_packet_load",
    /// A private stack that this kernel cannot give.
    PrivateStack = "private_stack",
    /// What describes functions and lines does not fit the instructions.
    DebugInformation = "debug_information",
    /// A type or field that this kernel does not have; libbpf put the refused instruction there.
    RelocationPoisoned = "relocation_poisoned",
    /// A kernel function or map that was not found or created; libbpf put the refused instruction there.
    CallPoisoned = "call_poisoned",
    /// What only a loader with more rights may do.
    CapabilityNeeded = "capability_needed",
    /// The verifier doubts itself.
    VerifierBug = "verifier_bug",
    /// A sentence that the table does not know.
    Unknown = "unknown",
}

impl Kind {
    /// Whether it is about the program as a whole and found when its walk is over, so that where the walk
    /// ended says nothing.
    pub(super) fn is_of_whole(self) -> bool {
        matches!(self, Self::StackTooDeep | Self::PrivateStack)
    }

    /// Whether a register may have been a pointer until some call.
    pub(super) fn is_of_lost_pointer(self) -> bool {
        matches!(self, Self::ScalarDereference | Self::ArgumentType | Self::UninitialisedRead)
    }
}

/// One line of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: Kind,
    /// Patterns of sentences, any of which will do.
    says: Vec<String>,
    /// Why the verifier insists.
    why: String,
    /// What to change, if anything helps in general.
    change: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    refusal: Vec<Entry>,
}

/// The table that ships with the project.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("kind/table.toml"))
        .expect("the file is part of the build and a test reads it")
});

/// What is known of a refusal by its sentences alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What the verifier objects to.
    pub kind: Kind,
    /// Why it insists.
    pub why: String,
    /// What to change.
    pub suggestion: Option<String>,
}

/// Bytes of a sentence that are compared: the longest of the kernel's own have a few hundred.
pub(super) const SENTENCE_BYTES_MAX: usize = 1000;

/// The first entry of the table that has one of `sentences`, in the table's order. `None` if the table
/// knows none of them.
pub fn known(sentences: &[&str]) -> Option<Known> {
    TABLE.refusal.iter().find_map(|entry| {
        let found = entry.says.iter().find_map(|pattern| {
            sentences.iter().find_map(|sentence| {
                matched(pattern, &sentence[..sentence.floor_char_boundary(SENTENCE_BYTES_MAX)])
            })
        })?;
        let filled = |text: &String| filled(text, &found);
        Some(Known {
            kind: entry.kind,
            why: filled(&entry.why),
            suggestion: entry.change.as_ref().map(filled),
        })
    })
}

/// How a program does without a type or field, whatever loader found it missing.
pub fn relocation_guard() -> Option<String> {
    known(&["failed to resolve CO-RE relocation of it"])?.suggestion
}

/// What the names of a pattern matched.
type Names<'a> = Vec<(&'a str, &'a str)>;

/// `sentence` held to `pattern`: the names with what they stand for, or `None`.
fn matched<'a>(pattern: &'a str, sentence: &'a str) -> Option<Names<'a>> {
    let (first, mut rest) = pattern.split_once('{').unwrap_or((pattern, ""));
    let mut left = sentence.strip_prefix(first)?;
    let mut names = Names::new();
    while let Some((name, after)) = rest.split_once('}') {
        let (literal, next) = after.split_once('{').unwrap_or((after, ""));
        let end = if next.is_empty() {
            // The last literal ends the sentence.
            left.len().checked_sub(literal.len()).filter(|_| left.ends_with(literal))?
        } else {
            left.find(literal)?
        };
        if end == 0 {
            return None;
        }
        names.push((name, &left[..end]));
        left = &left[end + literal.len()..];
        rest = next;
    }
    left.is_empty().then_some(names)
}

/// `text` with its names replaced by what they stand for.
fn filled(text: &str, names: &Names<'_>) -> String {
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((name, after)) = part.split_once('}') else { continue };
        let value = names.iter().find(|(known, _)| *known == name).map_or("it", |(_, value)| value);
        filled.push_str(value.trim());
        filled.push_str(after);
    }
    filled
}

#[cfg(test)]
mod tests;
