//! A loader that asks the running kernel first and loads after:
//!
//! ```text
//! gate [--dry-run] [--program=NAME]... OBJECT [MANIFEST]
//! ```
//!
//! Prints one line for each program and one for the object, and ends as the command line does: 0 works, 1 does
//! not, 2 could not tell, 3 misuse. What a manifest declares, and what was inferred, is asked about and not set by
//! this loader, so that it loads only objects that need neither.

#![allow(unsafe_code, reason = "the loader itself uses libbpf")]

use bpfcompat_validator::domain::cause::Cause;
use bpfcompat_validator::domain::verdict::Verdict;
use bpfcompat_validator::{Options, Report, manifest, validate_before_load};
use std::error::Error;
use std::ffi::CString;
use std::process::ExitCode;

const PROGRAM: &str = "--program=";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, files): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|argument| argument.starts_with("--"));
    let (named, other): (Vec<&str>, Vec<&str>) = flags.iter().partition(|flag| flag.starts_with(PROGRAM));
    let (object, manifest) = match (other.as_slice(), files.as_slice()) {
        ([] | ["--dry-run"], [object]) => (*object, None),
        ([] | ["--dry-run"], [object, manifest]) => (*object, Some(*manifest)),
        _ => return misuse("usage: gate [--dry-run] [--program=NAME]... OBJECT [MANIFEST]"),
    };
    let (elf, mut options) = match read(object, manifest) {
        Ok(read) => read,
        Err(error) => return misuse(&error.to_string()),
    };
    let programs = named.iter().map(|flag| flag[PROGRAM.len()..].to_owned());
    options.programs = Some(programs.collect()).filter(|_| !named.is_empty());
    let held = held();
    let answer = validate_before_load(&elf, &options);
    assert_eq!(held, self::held(), "asking leaves nothing behind in this process");
    let report = match answer {
        Ok(report) => report,
        Err(refused) => {
            eprintln!("{object}: {refused}");
            return ExitCode::from(refused.exit_code());
        }
    };
    for program in &report.cell.programs {
        line(&program.name, program.verdict, program.cause.as_ref());
        if let Some(log) = report.verifier_log(&program.name) {
            eprintln!("{log}");
        }
    }
    line("object", report.verdict(), report.cell.cause.as_ref());
    let plain = manifest.is_none() && report.cell.inferred.is_empty();
    if report.verdict() == Verdict::Passes && other.is_empty() && plain && !load(&elf, &report) {
        eprintln!("it passes and was not loaded, for which see what libbpf said");
        return ExitCode::from(2);
    }
    ExitCode::from(report.exit_code())
}

fn read(object: &str, manifest: Option<&str>) -> Result<(Vec<u8>, Options), Box<dyn Error>> {
    let named = |path: &str, error| format!("{path}: {error}");
    let elf = std::fs::read(object).map_err(|error| named(object, error))?;
    let mut options = Options::default();
    if let Some(path) = manifest {
        let text = std::fs::read_to_string(path).map_err(|error| named(path, error))?;
        options.contract = manifest::parse(path, &text)?.contract;
    }
    Ok((elf, options))
}

fn line(name: &str, verdict: Verdict, cause: Option<&Cause>) {
    match cause {
        None => println!("{name} {verdict}"),
        Some(cause) => println!("{name} {verdict} {} {}: {}", cause.code, cause.subject, cause.says),
    }
}

fn misuse(says: &str) -> ExitCode {
    eprintln!("{says}");
    ExitCode::from(3)
}

/// Descriptors and threads of this process, and its limit of locked memory.
fn held() -> (usize, usize, String) {
    let count = |folder| std::fs::read_dir(folder).map_or(0, Iterator::count);
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let locked = limits.lines().find(|line| line.starts_with("Max locked memory")).unwrap_or_default();
    (count("/proc/self/fd"), count("/proc/self/task"), locked.to_owned())
}

/// What every loader does with the programs that it wants: here it could attach what it loaded.
fn load(elf: &[u8], report: &Report) -> bool {
    let size = u64::try_from(elf.len()).expect("a length fits 64 bits");
    let unwanted = report.cell.programs.iter().filter(|program| !program.required);
    // SAFETY: libbpf copies what it keeps of the ELF and reads each name during its call; the object is closed once and not used after.
    unsafe {
        let object = libbpf_sys::bpf_object__open_mem(elf.as_ptr().cast(), size, std::ptr::null());
        if object.is_null() {
            return false;
        }
        for name in unwanted.filter_map(|program| CString::new(program.name.as_str()).ok()) {
            let program = libbpf_sys::bpf_object__find_program_by_name(object, name.as_ptr());
            if !program.is_null() {
                libbpf_sys::bpf_program__set_autoload(program, false);
            }
        }
        let loaded = libbpf_sys::bpf_object__load(object) == 0;
        libbpf_sys::bpf_object__close(object);
        loaded
    }
}
