//! bpftool as a loader: `bpftool prog loadall`, its words, and what it pinned.
//!
//! bpftool sets nothing of a contract, so all of it is told as not applied. It loads all of an object or none;
//! programs are told one by one by what it pinned.

use super::protocol::{Attempt, Entry, Refusal, Said, Size, Task, VERSION};
use super::terms;
use crate::mounts::BPFFS;
use crate::sys::libbpf::{Object, c_text};
use domain::evidence::MapFact;
use domain::level::Level;
use std::process::{Command, Output};

/// Where it pins what it loads, and what it attaches.
const LOADED: &str = "bpftool-loaded";
const ATTACHED: &str = "bpftool-attached";
/// The word for attaching what is loaded, which older ones do not know, and what they say to it.
const AUTOATTACH: &str = "autoattach";
const UNKNOWN_WORD: &str = "got: 'autoattach'";

/// Takes the task's object as far as its level says, with the bpftool at `program`.
pub(super) fn load(program: &str, task: &Task, tell: &mut dyn FnMut(Said)) -> Result<(), String> {
    let run = |arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).output();
        ran.map_err(|error| format!("{program} could not be started: {error}"))
    };
    let version = text(&run(&["version"])?.stdout);
    let version =
        version.lines().next().and_then(|line| line.rsplit_once(" v")).map_or("", |(_, number)| number);
    tell(Said::Hello { version: VERSION, loader: version.to_owned() });
    let loaded = format!("{BPFFS}/{LOADED}");
    // Debug output has the verifier's log in it, which is what refusals are judged by.
    let ran = run(&["--debug", "prog", "loadall", &task.object, &loaded])?;
    let words = text(&ran.stderr);
    let opened = !words.contains("failed to open object file");
    if opened {
        let (applied, not_applied) = terms::split(&task.contract, &[]);
        tell(Said::Opened { maps: maps(task), applied, not_applied });
    }
    if !ran.status.success() {
        if let Some((name, errno)) = failed_map(&words).filter(|_| opened) {
            tell(Said::Map { name, refusal: Refusal { errno: Some(errno), ..Refusal::default() } });
        }
        tell(Said::Refused(Refusal { errno: failed(&words), ..refusal(&ran) }));
        return Ok(());
    }
    let attached = format!("{BPFFS}/{ATTACHED}");
    let attaching = match task.level {
        Level::Load => None,
        Level::Attach | Level::Behave => {
            Some(run(&["prog", "loadall", &task.object, &attached, AUTOATTACH])?)
        }
    };
    for Entry { name, .. } in &task.programs {
        let shown = run(&["--json", "prog", "show", "pinned", &format!("{loaded}/{name}")])?;
        if !shown.status.success() {
            continue;
        }
        tell(Said::Program { name: name.clone(), size: size(&shown.stdout), refusal: Refusal::default() });
        let Some(attaching) = &attaching else { continue };
        let link = run(&["link", "show", "pinned", &format!("{attached}/{name}")])?;
        let not_tried = match (attaching.status.success(), link.status.success()) {
            (true, true) => None,
            (true, false) => {
                Some("bpftool does not attach programs of this kind by their section".to_owned())
            }
            (false, _) if text(&attaching.stderr).contains(UNKNOWN_WORD) => {
                Some(format!("this bpftool knows no `{AUTOATTACH}`"))
            }
            (false, _) => Some(format!("bpftool attaches all programs or none: {}", refusal(attaching).says)),
        };
        tell(Said::Attach(Attempt {
            name: name.clone(),
            how: AUTOATTACH.to_owned(),
            not_tried,
            ..Attempt::default()
        }));
    }
    Ok(())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Its own complaint as words, and all it said as the log.
fn refusal(ran: &Output) -> Refusal {
    let log = text(&ran.stderr);
    let last = |start: &str| log.lines().rev().find_map(|line| line.strip_prefix(start)).unwrap_or_default();
    let says = format!("{}; libbpf said last: {}", last("Error: "), last("libbpf: "));
    Refusal { says, log, ..Refusal::default() }
}

/// The map that could not be created, of `libbpf: map 'NAME': failed to create: WORDS(-NUMBER)`.
fn failed_map(words: &str) -> Option<(String, i32)> {
    let line = words.lines().rev().find(|line| line.contains("': failed to create: "))?;
    let name = line.split('\'').nth(1)?;
    Some((name.to_owned(), number(line)?))
}

/// The last number libbpf told of a failure.
fn failed(words: &str) -> Option<i32> {
    let tells = ["': failed to load: ", "': failed to create: "];
    let mut lines = words.lines().rev().filter(|line| tells.iter().any(|words| line.contains(words)));
    lines.find_map(number)
}

/// A negative errno at the end of a line, as `-22` or `(-22)`.
fn number(line: &str) -> Option<i32> {
    let digits = line.trim_end_matches(')').rsplit_once('-')?.1;
    digits.parse().ok().filter(|errno| (1..=4095).contains(errno))
}

fn size(json: &[u8]) -> Size {
    let shown: serde_json::Value = serde_json::from_slice(json).unwrap_or_default();
    let of = |key: &str| shown[key].as_u64().and_then(|bytes| u32::try_from(bytes).ok()).unwrap_or(0);
    Size { verified_instructions: 0, translated_bytes: of("bytes_xlated"), jited_bytes: of("bytes_jited") }
}

/// The object's maps as libbpf sees them: bpftool tells of none.
fn maps(task: &Task) -> Vec<MapFact> {
    let pins = c_text(&format!("{BPFFS}/described"));
    let opened = std::fs::read(&task.object)
        .ok()
        .and_then(|bytes| Object::open(&bytes, &c_text("object"), &pins).ok());
    opened.iter().flat_map(Object::maps).map(crate::open::map_fact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errnos_are_read_out_of_the_words_of_old_libbpf() {
        let map = "libbpf: map 'events': failed to create: Invalid argument(-22)\n\
                   libbpf: failed to load object '/tmp/object.bpf.o'\nError: failed to load object file\n";
        assert_eq!(failed_map(map), Some(("events".to_owned(), 22)));
        assert_eq!(failed(map), Some(22));
        let program = "libbpf: prog 'p': failed to load: -13\nlibbpf: failed to load object 'x'\n";
        assert_eq!(failed(program), Some(13));
        assert_eq!(failed("Error: failed to load object file\n"), None);
    }
}
