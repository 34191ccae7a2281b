//! The part of a walk that led to a refusal.
//!
//! From the refused instruction back: what wrote the registers that the refusal names, what wrote what these
//! were made of, through moves, the stack and calls of functions; and the conditions on the way, with which
//! way they went. What the program stored elsewhere is not followed: a load ends at the pointer it came through.
//!
//! One pass over the log, from its end; kept are the lines that may be shown and no more.

use super::instruction::{self, Effect, Flow, Registers, Slot};
use super::trace::{self, Line, Step};
use domain::cause::PATH_LINES_MAX;

/// Bytes of one line that is shown.
const LINE_BYTES_MAX: usize = 200;
/// Stack followed at once: more than a path of so few lines could show.
const SLOTS_MAX: usize = 16;
/// Functions inside each other that are followed: the verifier allows 8, and callbacks of helpers.
const FRAMES_MAX: usize = 16;

/// What a refusal names, which is where the slice begins.
#[derive(Debug, Default)]
pub(super) struct Seeds {
    /// The registers; if none, those that the refused instruction reads.
    pub(super) registers: Registers,
    /// Stack.
    pub(super) stack: Option<Slot>,
    /// Instructions that belong to it, with what is known of them.
    pub(super) events: Vec<(u32, String)>,
    /// Whether calls may have to do with it, whatever they write.
    pub(super) calls: bool,
}

/// The refused instruction with its source line, and the way there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slice<'a> {
    pub(super) refused: Step<'a>,
    pub(super) source: Option<&'a str>,
    pub(super) path: Vec<String>,
}

/// The way to the last step of `lines`, which begin at the end of the walk. `None` if there is no step.
pub(super) fn slice<'a>(lines: impl Iterator<Item = &'a str>, seeds: Seeds) -> Option<Slice<'a>> {
    let mut way = Way { seeds, ..Way::default() };
    for text in lines {
        match trace::line(text) {
            Line::Source(source) => way.source(source),
            Line::Resumed { from } => way.resume(from),
            Line::Step(step) => way.visit(step),
            Line::Begins => break,
            Line::Other => {}
        }
        if way.is_complete() {
            break;
        }
    }
    way.finish()
}

/// A step that may be shown.
#[derive(Debug, Clone)]
struct Shown<'a> {
    /// Steps from the refused one back.
    age: usize,
    step: Step<'a>,
    note: String,
    source: Option<&'a str>,
}

/// What is looked for in one function.
#[derive(Debug, Default)]
struct Wanted {
    registers: Registers,
    stack: Vec<Slot>,
}

/// How far back the slice has come.
#[derive(Debug, Default)]
struct Way<'a> {
    seeds: Seeds,
    /// The functions that are being walked back through, the innermost last.
    frames: Vec<Wanted>,
    /// The jump at which the way goes on back, and how many later visits of it come before.
    seeking: Option<(u32, u32)>,
    /// The number of the step that came next on the way.
    next: u32,
    age: usize,
    refused: Option<Shown<'a>>,
    causes: Vec<Shown<'a>>,
    /// Conditions and calls about other things, which are shown where there is room.
    asides: Vec<Shown<'a>>,
}

impl<'a> Way<'a> {
    /// The source line of every step since the last one.
    fn source(&mut self, source: &'a str) {
        let shown = self.refused.iter_mut().chain(&mut self.causes).chain(&mut self.asides);
        for shown in shown.filter(|shown| shown.source.is_none()) {
            shown.source = Some(source);
        }
    }

    /// A state kept at a branch is looked at when all that were kept later are, so visits and resumptions of
    /// one jump are nested.
    fn resume(&mut self, from: u32) {
        match &mut self.seeking {
            Some((sought, later)) if *sought == from => *later += 1,
            Some(_) => {}
            None if self.refused.is_some() => self.seeking = Some((from, 0)),
            None => {}
        }
    }

    fn visit(&mut self, step: Step<'a>) {
        if let Some((sought, later)) = self.seeking {
            let is_here = sought == step.number;
            self.seeking =
                if is_here { later.checked_sub(1).map(|later| (sought, later)) } else { self.seeking };
            if !is_here || later > 0 {
                return;
            }
        }
        let effect = instruction::effect(step.instruction);
        let shown = Shown { age: self.age, step, note: String::new(), source: None };
        if self.refused.is_none() {
            self.begin(effect);
            self.refused = Some(shown);
        } else {
            self.follow(effect, shown);
        }
        self.next = step.number;
        self.age += 1;
    }

    fn begin(&mut self, effect: Effect) {
        let named = self.seeds.registers;
        let unnamed = named.is_empty() && self.seeds.events.is_empty();
        let registers = if unnamed { effect.reads } else { named };
        let stack = self.seeds.stack.into_iter().chain(effect.loads.filter(|_| unnamed)).collect();
        self.frames.push(Wanted { registers, stack });
    }

    fn follow(&mut self, effect: Effect, mut shown: Shown<'a>) {
        let event = self.seeds.events.iter().position(|(number, _)| *number == shown.step.number);
        let event = event.map(|at| self.seeds.events.swap_remove(at).1);
        let is_next = self.next == shown.step.number.wrapping_add(1);
        let is_event = event.is_some();
        let is_cause = match effect.flow {
            Flow::Exit => self.enter(),
            Flow::Call if !is_next => self.leave(),
            Flow::Next | Flow::Jump | Flow::Condition | Flow::Call => self.is_wanted(effect),
        };
        if effect.flow == Flow::Condition {
            shown.note = (if is_next { "not taken" } else { "taken" }).to_owned();
        } else if let Some(note) = event {
            shown.note = note;
        } else {
            shown.step.state.clone_into(&mut shown.note);
        }
        if is_event {
            self.causes.insert(0, shown);
            self.causes.truncate(PATH_LINES_MAX);
        } else if is_cause && self.causes.len() < PATH_LINES_MAX {
            self.causes.push(shown);
        } else if self.is_aside(effect.flow) && self.asides.len() < PATH_LINES_MAX {
            self.asides.push(shown);
        }
    }

    fn is_aside(&self, flow: Flow) -> bool {
        flow == Flow::Condition || flow == Flow::Call && self.seeds.calls
    }

    /// Whether the step has part in what is looked for, which is then what it was made of.
    fn is_wanted(&mut self, effect: Effect) -> bool {
        let Some(wanted) = self.frames.last_mut() else { return false };
        if effect.flow == Flow::Condition {
            return !wanted.registers.shared(effect.reads).is_empty();
        }
        let written = !wanted.registers.shared(effect.writes).is_empty();
        let stored = effect.stores.filter(|store| wanted.stack.iter().any(|slot| slot.overlaps(*store)));
        if written {
            wanted.registers = wanted.registers.without(effect.writes);
        }
        if let Some(store) = stored {
            wanted.stack.retain(|slot| !store.covers(*slot));
        }
        let is_wanted = written || stored.is_some();
        if is_wanted && effect.flow != Flow::Call {
            wanted.registers = wanted.registers.with(effect.reads);
            let room = wanted.stack.len() < SLOTS_MAX;
            wanted.stack.extend(effect.loads.filter(|_| room));
        }
        is_wanted
    }

    /// Back into a function that returned here.
    fn enter(&mut self) -> bool {
        let wanted = self.frames.last().map(|caller| caller.registers.shared(Registers::RESULT));
        let registers = wanted.unwrap_or_default();
        if self.frames.len() < FRAMES_MAX {
            self.frames.push(Wanted { registers, stack: Vec::new() });
        }
        !registers.is_empty()
    }

    /// Back out of a function, to where it was called.
    fn leave(&mut self) -> bool {
        let inner = self.frames.pop().unwrap_or_default().registers.shared(Registers::ARGUMENTS);
        if self.frames.is_empty() {
            self.frames.push(Wanted::default());
        }
        let Some(caller) = self.frames.last_mut() else { return false };
        let is_wanted = !caller.registers.shared(Registers::CALL).with(inner).is_empty();
        caller.registers = caller.registers.without(Registers::CALL).with(inner);
        is_wanted
    }

    /// Whether no further line could be shown.
    fn is_complete(&self) -> bool {
        let is_full = |shown: &[Shown<'_>]| shown.len() == PATH_LINES_MAX;
        let unplaced = |shown: &[Shown<'_>]| shown.iter().any(|shown| shown.source.is_none());
        let nothing_wanted = |wanted: &Wanted| wanted.registers.is_empty() && wanted.stack.is_empty();
        let no_cause = self.seeds.events.is_empty() && self.frames.iter().all(nothing_wanted);
        (is_full(&self.causes) || (no_cause && is_full(&self.asides)))
            && !unplaced(&self.causes)
            && !unplaced(&self.asides)
    }

    /// The lines there is room for: causes before conditions, the nearest first.
    fn finish(self) -> Option<Slice<'a>> {
        let refused = self.refused?;
        let (step, source) = (refused.step, refused.source);
        let mut chosen = vec![refused];
        for shown in self.causes.into_iter().chain(self.asides) {
            let at = chosen.partition_point(|other| other.age > shown.age);
            chosen.insert(at, shown);
            if rendered(&chosen).len() > PATH_LINES_MAX {
                chosen.remove(at);
                break;
            }
        }
        Some(Slice { refused: step, source, path: rendered(&chosen) })
    }
}

/// Steps with their source lines where these change.
fn rendered(shown: &[Shown<'_>]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut last = None;
    for Shown { step, note, source, .. } in shown {
        if let Some(source) = source.filter(|source| last != Some(*source)) {
            lines.push(short(format!("; {source}")));
            last = Some(source);
        }
        let instruction = instruction::without_code(step.instruction);
        let note = if note.is_empty() { String::new() } else { format!("  ; {note}") };
        lines.push(short(format!("{}: {instruction}{note}", step.number)));
    }
    lines
}

/// A line that fits a screen.
pub(super) fn short(mut line: String) -> String {
    if line.len() > LINE_BYTES_MAX {
        line.truncate(line.floor_char_boundary(LINE_BYTES_MAX - '…'.len_utf8()));
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests;
