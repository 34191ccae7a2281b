//! The rules, by the step that was refused. Each file has the facts of one refusal as a struct
//! and one function per rule; `classify` holds their order.

pub(super) mod attach;
pub(super) mod load;
pub(super) mod map;
mod verifier;

use domain::cause::CauseCode;

/// What is missing if the kernel has not what a program in `section` is to be attached to.
pub(super) fn missing_hook(section: &str) -> CauseCode {
    let kind = section.split('/').next().unwrap_or_default();
    let kind = kind.split('.').next().unwrap_or(kind);
    match kind {
        "tp" | "tracepoint" | "tp_btf" | "raw_tp" | "raw_tracepoint" => CauseCode::TracepointMissing,
        "kprobe" | "kretprobe" | "ksyscall" | "kretsyscall" | "fentry" | "fexit" | "fmod_ret"
        | "fsession" => CauseCode::SymbolMissing,
        "lsm" | "lsm_cgroup" => CauseCode::LsmHookMissing,
        _ => CauseCode::AttachTargetMissing,
    }
}
