//! aya as a loader: everything aya does by default, and what the contract declares as far as aya can set it.
//!
//! aya reads the object, relocates it, creates its maps, and then loads one program after the other; what it
//! refuses by itself has no error number. Deliberately absent: `allow_unsupported_maps`, which an object's own
//! loader may ask for and a plain one does not.

mod attach;
mod refusal;

use super::protocol::{Entry, Refusal, Said, Setting, Size, Task, VERSION};
use ::aya::programs::{Program, ProgramError};
use ::aya::{Btf, Ebpf, EbpfLoader};
use domain::contract::{Contract, Entries, MapTerms};
use domain::evidence::MapFact;
use domain::level::Level;
use domain::section::{MAP_TYPES, target};
use std::cell::LazyCell;
use std::collections::BTreeMap;

/// The version of aya in this program; a test holds it to the lock file.
const AYA: &str = "0.14.0";

/// Takes the task's object as far as its level says.
pub(super) fn load(task: &Task, tell: &mut dyn FnMut(Said)) -> Result<(), String> {
    tell(Said::Hello { version: VERSION, loader: AYA.to_owned() });
    let object = std::fs::read(&task.object).map_err(|error| format!("{}: {error}", task.object))?;
    let parsed = match aya_obj::Object::parse(&object) {
        Ok(parsed) => parsed,
        Err(error) => {
            tell(Said::Refused(refusal::unable(&error)));
            return Ok(());
        }
    };
    let (applied, not_applied) = terms(&task.contract);
    tell(Said::Opened { maps: maps(&parsed), applied, not_applied });
    match loader(task).load(&object) {
        Ok(mut loaded) => {
            programs(task, &mut loaded, tell);
            // What is attached stays so until this process ends.
            std::mem::forget(loaded);
        }
        Err(error) => {
            if let Some((name, refusal)) = refusal::of_map(&error) {
                tell(Said::Map { name, refusal });
            }
            tell(Said::Refused(refusal::of_object(&error)));
        }
    }
    Ok(())
}

fn maps(parsed: &aya_obj::Object) -> Vec<MapFact> {
    let sorted: BTreeMap<_, _> = parsed.maps.iter().collect();
    let kind = |number: u32| usize::try_from(number).ok().and_then(|at| MAP_TYPES.get(at)).unwrap_or(&"");
    let fact = |(name, map): (&String, &aya_obj::Map)| MapFact {
        name: name.clone(),
        kind: (*kind(map.map_type())).to_owned(),
        number: map.map_type(),
        key_bytes: map.key_size(),
        value_bytes: map.value_size(),
        max_entries: map.max_entries(),
    };
    sorted.into_iter().map(fact).collect()
}

fn loader(task: &Task) -> EbpfLoader<'_> {
    let mut loader = EbpfLoader::new();
    for (name, terms) in &task.contract.maps {
        if let Some(entries) = terms.max_entries {
            loader.map_max_entries(name, count(entries));
        }
    }
    for global in &task.globals {
        loader.override_global(&global.name, global.bytes.as_slice(), true);
    }
    loader
}

fn count(entries: Entries) -> u32 {
    match entries {
        Entries::Count(count) => count,
        Entries::Cpus => crate::sys::libbpf::possible_cpus().unwrap_or(1),
    }
}

/// What aya sets of the contract, and what it has no way to set.
fn terms(contract: &Contract) -> (Vec<String>, Vec<Setting>) {
    let (mut applied, mut not_applied) = (Vec::new(), Vec::new());
    let mut lacks = |subject: &str, setting: String| {
        not_applied.push(Setting { subject: subject.to_owned(), setting });
    };
    for (name, terms) in &contract.programs {
        if let Some(autoload) = terms.autoload {
            applied.push(format!("`{name}`: autoload {autoload}"));
        }
        let overrides = [("type", &terms.r#type), ("section", &terms.section)];
        for (key, value) in overrides.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))) {
            lacks(name, format!("{key} {value}"));
        }
    }
    for (name, terms) in &contract.maps {
        let MapTerms { max_entries, key_size, value_size, autocreate, inner_map } = terms;
        if let Some(entries) = max_entries {
            applied.push(format!("`{name}`: max_entries {}", count(*entries)));
        }
        for (key, set) in [
            ("key_size", key_size.is_some()),
            ("value_size", value_size.is_some()),
            ("autocreate", autocreate.is_some()),
            ("inner_map", inner_map.is_some()),
        ] {
            if set {
                lacks(name, key.to_owned());
            }
        }
    }
    applied.extend(contract.globals.keys().map(|name| format!("`{name}` has its declared value")));
    for (group, candidates) in &contract.variants {
        for candidate in candidates {
            lacks(&candidate.program, format!("a choice of group {group}"));
        }
    }
    (applied, not_applied)
}

fn programs(task: &Task, loaded: &mut Ebpf, tell: &mut dyn FnMut(Said)) {
    // Read only where a program needs it: reading takes longer than most loads.
    let btf: LazyCell<Result<Btf, ::aya::BtfError>> = LazyCell::new(Btf::from_sys_fs);
    for Entry { name, section } in &task.programs {
        let terms = task.contract.programs.get(name);
        if terms.and_then(|terms| terms.autoload) == Some(false) {
            continue;
        }
        let name = name.clone();
        let Some(program) = loaded.program_mut(&name) else {
            let says = format!("aya finds no program `{name}` in the object");
            tell(Said::Program {
                name,
                size: Size::default(),
                refusal: Refusal { says, ..Refusal::default() },
            });
            continue;
        };
        match verify(program, section, &btf) {
            Err(refusal) => tell(Said::Program { name, size: Size::default(), refusal }),
            Ok(()) => {
                tell(Said::Program { name: name.clone(), size: size(program), refusal: Refusal::default() });
                if terms.and_then(|terms| terms.level).unwrap_or(task.level) > Level::Load {
                    tell(attach::attach(name, program, section));
                }
            }
        }
    }
}

fn size(program: &Program) -> Size {
    let Ok(info) = program.info() else { return Size::default() };
    Size {
        verified_instructions: info.verified_instruction_count().unwrap_or(0),
        translated_bytes: info.size_translated().unwrap_or(0),
        jited_bytes: info.size_jitted(),
    }
}

/// Loads one program, by the target its section names where its type needs one.
fn verify(
    program: &mut Program,
    section: &str,
    btf: &LazyCell<Result<Btf, ::aya::BtfError>>,
) -> Result<(), Refusal> {
    let target = || {
        let unnamed = || refusal::says("the section names no target, and aya's caller has to".to_owned());
        target(section).ok_or_else(unnamed)
    };
    let types = || LazyCell::force(btf).as_ref().map_err(refusal::of_types);
    let result: Result<(), ProgramError> = match program {
        Program::KProbe(program) => program.load(),
        Program::UProbe(program) => program.load(),
        Program::TracePoint(program) => program.load(),
        Program::SocketFilter(program) => program.load(),
        Program::ReusePortSocketFilter(program) => program.load(),
        Program::Xdp(program) => program.load(),
        Program::SkMsg(program) => program.load(),
        Program::SkSkb(program) => program.load(),
        Program::CgroupSockAddr(program) => program.load(),
        Program::SockOps(program) => program.load(),
        Program::SchedClassifier(program) => program.load(),
        Program::CgroupSkb(program) => program.load(),
        Program::CgroupSysctl(program) => program.load(),
        Program::CgroupSockopt(program) => program.load(),
        Program::LircMode2(program) => program.load(),
        Program::PerfEvent(program) => program.load(),
        Program::RawTracePoint(program) => program.load(),
        Program::FlowDissector(program) => program.load(),
        Program::SkLookup(program) => program.load(),
        Program::SkReuseport(program) => program.load(),
        Program::CgroupSock(program) => program.load(),
        Program::CgroupDevice(program) => program.load(),
        Program::Lsm(program) => program.load(target()?, types()?),
        Program::LsmCgroup(program) => program.load(target()?, types()?),
        Program::BtfTracePoint(program) => program.load(target()?, types()?),
        Program::FEntry(program) => program.load(target()?, types()?),
        Program::FExit(program) => program.load(target()?, types()?),
        Program::Iter(program) => program.load(target()?, types()?),
        Program::Extension(_) => {
            return Err(refusal::says("aya's caller names the program that is replaced".to_owned()));
        }
    };
    result.map_err(|error| refusal::of_program(&error))
}
