//! Which cause a refusal of the verifier is, by the kind of sentence it ended with.
//!
//! Kinds are finer than causes: a cause is what people sort their failures by, and says what to change.

use crate::log::kind::Kind;
use domain::cause::CauseCode;

/// The cause of a sentence of this kind, if it has one of its own.
pub(super) fn code_of(kind: Kind) -> Option<CauseCode> {
    Some(match kind {
        Kind::NullDereference | Kind::ArgumentNull => CauseCode::VerifierNull,
        Kind::OutOfBounds | Kind::PacketAccess | Kind::StackOutOfBounds | Kind::VariableStackAccess => {
            CauseCode::VerifierBounds
        }
        Kind::UninitialisedRead | Kind::UninitialisedStack => CauseCode::VerifierUninitialised,
        Kind::BadReturnRange | Kind::BadReturnType => CauseCode::VerifierReturn,
        Kind::LeakedReference
        | Kind::UnownedRelease
        | Kind::IteratorMisuse
        | Kind::DynptrMisuse
        | Kind::GraphMisuse => CauseCode::VerifierReference,
        Kind::ContextAccess | Kind::ModifiedContextPointer => CauseCode::VerifierContext,
        Kind::KernelStructAccess => CauseCode::VerifierStruct,
        Kind::PointerArithmetic
        | Kind::MixedPointers
        | Kind::PointerLeak
        | Kind::ScalarDereference
        | Kind::InvalidDereference
        | Kind::SpilledPointer => CauseCode::VerifierPointer,
        Kind::ArgumentType
        | Kind::ArgumentSize
        | Kind::ArgumentNotConstant
        | Kind::KfuncArgument
        | Kind::CallbackMisuse
        | Kind::MapUnusable => CauseCode::VerifierArgument,
        Kind::UnboundedLoop => CauseCode::VerifierLoop,
        Kind::SleepableMisuse => CauseCode::VerifierSleep,
        Kind::LockMisuse | Kind::SectionMisuse => CauseCode::VerifierLock,
        Kind::TooManyInstructions => CauseCode::TooManyInstructions,
        Kind::TooManyJumps => CauseCode::TooManyJumps,
        Kind::StackTooDeep | Kind::PrivateStack => CauseCode::StackTooDeep,
        Kind::CallsTooDeep | Kind::Recursion => CauseCode::CallsTooDeep,
        Kind::GplOnly => CauseCode::GplOnly,
        Kind::InvalidInstruction => CauseCode::InstructionUnknown,
        Kind::TargetRefused => CauseCode::AttachUnsupported,
        Kind::WriteToReadOnly
        | Kind::Misaligned
        | Kind::KernelPointerInMap
        | Kind::SpecialField
        | Kind::AtomicMisuse
        | Kind::ArenaMisuse
        | Kind::UnreachableCode
        | Kind::FallsThrough
        | Kind::JumpOutOfRange
        | Kind::DamagedInstruction
        | Kind::FramePointerWritten
        | Kind::HelperUnavailable
        | Kind::KfuncUnavailable
        | Kind::ExceptionMisuse
        | Kind::TailCall
        | Kind::GlobalFunction
        | Kind::LegacyPacketLoad
        | Kind::DebugInformation
        | Kind::RelocationPoisoned
        | Kind::CallPoisoned
        | Kind::CapabilityNeeded
        | Kind::VerifierBug
        | Kind::Unknown => return None,
    })
}
