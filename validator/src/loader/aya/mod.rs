//! aya as a loader: everything aya does by default, and what the contract declares as far as aya can set it.
//!
//! aya reads the object, relocates it, creates its maps, and then loads one program after the other; what it
//! refuses by itself has no error number. Deliberately absent: `allow_unsupported_maps`, which an object's own
//! loader may ask for and a plain one does not.

mod attach;
mod refusal;

use super::protocol::{Entry, Refusal, Said, Size, Task, VERSION};
use super::terms::{self, Ability};
use ::aya::programs::{Program, ProgramError};
use ::aya::{Btf, BtfError, Ebpf, EbpfLoader};
use domain::evidence::MapFact;
use domain::level::Level;
use domain::section::{MAP_TYPES, target};
use nix::sys::resource::{RLIM_INFINITY, Resource, setrlimit};
use std::cell::LazyCell;
use std::collections::BTreeMap;

/// What aya sets of a contract.
const ABLE: &[Ability] = &[Ability::Autoload, Ability::MaxEntries, Ability::Globals];
/// The version of aya in this program; a test holds it to the lock file.
const AYA: &str = "0.14.0";

/// The kernel's types.
type Types = LazyCell<Result<Btf, BtfError>>;

/// Takes the task's object as far as its level says.
pub(super) fn load(task: &Task, tell: &mut dyn FnMut(Said)) -> Result<(), String> {
    tell(Said::Hello { version: VERSION, loader: AYA.to_owned() });
    // aya leaves it to its users, as libbpf does not, to lift the limit that kernels before 5.11 count maps and
    // programs against. One that may not be lifted is the environment's.
    setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY).ok();
    let object = std::fs::read(&task.object).map_err(|error| format!("{}: {error}", task.object))?;
    let parsed = match aya_obj::Object::parse(&object) {
        Ok(parsed) => parsed,
        Err(error) => {
            tell(Said::Refused(refusal::unable(&error)));
            return Ok(());
        }
    };
    let (applied, not_applied) = terms::split(&task.contract, ABLE);
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
        flags: map.map_flags(),
    };
    sorted.into_iter().map(fact).collect()
}

fn loader(task: &Task) -> EbpfLoader<'_> {
    let mut loader = EbpfLoader::new();
    for (name, terms) in &task.contract.maps {
        if let Some(entries) = terms.max_entries {
            loader.map_max_entries(name, terms::count(entries));
        }
    }
    for global in &task.globals {
        loader.override_global(&global.name, global.bytes.as_slice(), true);
    }
    loader
}

fn programs(task: &Task, loaded: &mut Ebpf, tell: &mut dyn FnMut(Said)) {
    // Read only where a program needs it: reading takes longer than most loads.
    let btf: Types = LazyCell::new(Btf::from_sys_fs);
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

/// Calls the `load` of every kind of program: those of their own, and those that need a target and types.
macro_rules! load {
    ($of:expr; $($alone:ident)*; $target:expr, $types:expr; $($with:ident)*) => {
        match $of {
            $(Program::$alone(program) => program.load(),)*
            $(Program::$with(program) => program.load($target?, $types?),)*
            Program::Extension(_) => {
                return Err(refusal::says("aya's caller names the program that is replaced".to_owned()));
            }
        }
    };
}

/// Loads one program, by the target its section names where its type needs one.
fn verify(program: &mut Program, section: &str, btf: &Types) -> Result<(), Refusal> {
    let unnamed = || refusal::says("the section names no target, and aya's caller has to".to_owned());
    let target = || target(section).ok_or_else(unnamed);
    let types = || LazyCell::force(btf).as_ref().map_err(refusal::of_types);
    let result: Result<(), ProgramError> = load!(program;
        KProbe UProbe TracePoint SocketFilter ReusePortSocketFilter Xdp SkMsg SkSkb CgroupSockAddr SockOps
            SchedClassifier CgroupSkb CgroupSysctl CgroupSockopt LircMode2 PerfEvent RawTracePoint FlowDissector
            SkLookup SkReuseport CgroupSock CgroupDevice;
        target(), types(); Lsm LsmCgroup BtfTracePoint FEntry FExit Iter);
    result.map_err(|error| refusal::of_program(&error))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_told_is_the_one_inside() {
        let lock = include_str!("../../../../Cargo.lock");
        assert!(lock.contains(&format!("name = \"aya\"\nversion = \"{}\"", super::AYA)));
    }
}
