//! aya's errors as refusals: the kernel's error number where there is one in the chain of causes.

use crate::loader::protocol::Refusal;
use ::aya::maps::MapError;
use ::aya::programs::ProgramError;
use ::aya::{BtfError, EbpfError};
use std::error::Error;
use std::io;

/// What aya refuses by itself.
pub(super) fn says(says: String) -> Refusal {
    Refusal { says, ..Refusal::default() }
}

/// The same, of an error whatever caused it. Many of aya's errors say what caused them, which is not said twice.
pub(super) fn unable(error: &dyn Error) -> Refusal {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !told.ends_with(&more) {
            told = format!("{told}: {more}");
        }
        cause = error.source();
    }
    says(told)
}

/// A map that the kernel refused.
pub(super) fn of_map(error: &EbpfError) -> Option<(String, Refusal)> {
    let EbpfError::MapError(MapError::CreateError { name, io_error }) = error else { return None };
    let errno = io_error.raw_os_error();
    Some((name.clone(), Refusal { errno, ..unable(error) }))
}

/// Why the object was not prepared for its programs.
pub(super) fn of_object(error: &EbpfError) -> Refusal {
    match error {
        EbpfError::BtfError(BtfError::LoadError { io_error, verifier_log }) => Refusal {
            errno: io_error.raw_os_error(),
            log: verifier_log.to_string(),
            ..says(format!("the BPF_BTF_LOAD syscall returned {io_error}"))
        },
        error => Refusal { errno: errno(error), ..unable(error) },
    }
}

/// Why a program was not loaded or attached.
pub(super) fn of_program(error: &ProgramError) -> Refusal {
    match error {
        ProgramError::LoadError { io_error, verifier_log } => Refusal {
            errno: io_error.raw_os_error(),
            log: verifier_log.to_string(),
            ..says(format!("the BPF_PROG_LOAD syscall returned {io_error}"))
        },
        ProgramError::Btf(error) => of_types(error),
        error => Refusal { errno: errno(error), ..unable(error) },
    }
}

/// Why the kernel's types do not have what a program needs.
pub(super) fn of_types(error: &BtfError) -> Refusal {
    let missing = match error {
        BtfError::UnknownBtfTypeName { type_name } => Some(type_name.clone()),
        BtfError::FileError { path, .. } => Some(path.display().to_string()),
        _ => None,
    };
    Refusal { missing, ..unable(error) }
}

/// What the kernel returned, if anything in the chain of causes did.
fn errno(error: &(dyn Error + 'static)) -> Option<i32> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(errno) = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return Some(errno);
        }
        cause = error.source();
    }
    None
}
