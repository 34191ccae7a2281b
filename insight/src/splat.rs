//! Kernel trouble on a console: warnings, oopses, stalls, panics.
//!
//! In: what a kernel printed, and a policy of which lines are trouble. Out: the splats, each
//! with a bounded excerpt. A load that succeeds with a splat is not a pass.
//!
//! The policy is data, `splat.toml`, and a policy without entries is an error: a check that
//! looks for nothing would report every kernel as clean.
//!
//! Deliberately absent: what a splat means for a verdict, which `judge` decides, and when it was
//! printed. Give [`find`] the console from `Ready` on: what a kernel says while it boots is not
//! the object's doing.

use domain::evidence::Splat;
use serde::Deserialize;

/// Splats reported at most; a kernel in trouble repeats itself.
pub const SPLATS_MAX: usize = 16;
/// Lines of one excerpt: a trace of the usual depth with its registers.
pub const EXCERPT_LINES_MAX: usize = 40;
/// Bytes of one excerpt.
pub const EXCERPT_BYTES_MAX: usize = 4096;

/// How a kernel begins its last words.
const PANIC: &str = "Kernel panic - not syncing";

/// The same of a kernel that its worker interrupted, which is no trouble. Nothing else in a guest
/// raises such an interrupt.
const INTERRUPTED: &str = "Kernel panic - not syncing: NMI: Not continuing";

/// Which lines are trouble.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    trouble: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: String,
    starts_with: Option<String>,
    contains: Option<String>,
    #[serde(default)]
    unless: Vec<String>,
}

/// Why a text is not a policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML, or with keys that mean nothing.
    #[error("the splat policy cannot be read")]
    Read(#[source] toml::de::Error),
    /// It would find nothing, ever.
    #[error("the splat policy has no [[trouble]] entry, so it would call every kernel clean")]
    Empty,
    /// An entry that would match every line.
    #[error("the splat policy's entry `{kind}` needs `starts_with` or `contains`, and neither empty")]
    NoPattern {
        /// The entry.
        kind: String,
    },
}

impl Policy {
    /// The policy in a TOML text.
    ///
    /// # Errors
    /// `Read`, `Empty` or `NoPattern`.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(PolicyError::Read)?;
        if policy.trouble.is_empty() {
            return Err(PolicyError::Empty);
        }
        for entry in &policy.trouble {
            let mut patterns = entry.starts_with.iter().chain(&entry.contains).peekable();
            if patterns.peek().is_none() || patterns.any(|pattern| pattern.is_empty()) {
                return Err(PolicyError::NoPattern { kind: entry.kind.clone() });
            }
        }
        Ok(policy)
    }

    /// The policy that ships with the project.
    pub fn built_in() -> Self {
        Self::parse(include_str!("splat.toml")).expect("the file is part of the build and a test parses it")
    }

    fn kind_of(&self, line: &str) -> Option<&str> {
        let matches = |entry: &&Entry| {
            entry.starts_with.as_ref().is_none_or(|text| line.starts_with(text.as_str()))
                && entry.contains.as_ref().is_none_or(|text| line.contains(text.as_str()))
                && !entry.unless.iter().any(|text| line.contains(text.as_str()))
        };
        self.trouble.iter().find(matches).map(|entry| entry.kind.as_str())
    }
}

/// The splats in what a kernel printed, in order, each kind and place once.
///
/// A splat lasts until the kernel says that its trace ends, another begins, or the excerpt is
/// full; lines inside it that are trouble too (`BUG:` is followed by `Oops:`) belong to it. A panic
/// belongs to no other and is never left out, and nothing after it counts, nor after an interrupt.
pub fn find(policy: &Policy, console: &str) -> Vec<Splat> {
    let mut found: Vec<Splat> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut lines_left = 0;
    let mut repeated = false;
    let mut panicked = false;
    for line in console.lines().map(without_stamp) {
        if line.starts_with(INTERRUPTED) {
            break;
        }
        let panics = line.starts_with(PANIC);
        if panicked && (panics || lines_left == 0) {
            break;
        }
        if lines_left > 0 && !line.contains("[ cut here ]") && !panics {
            let ends = line.starts_with("---[ end ");
            lines_left = if ends { 0 } else { lines_left - 1 };
            if let Some(splat) = found.last_mut().filter(|_| !repeated) {
                append(&mut splat.excerpt, line);
            }
            continue;
        }
        lines_left = 0;
        let Some(kind) = policy.kind_of(line) else { continue };
        lines_left = EXCERPT_LINES_MAX - 1;
        let same = format!("{kind} {}", line.replace(|c: char| c.is_ascii_digit(), ""));
        repeated = seen.contains(&same);
        if repeated {
            continue;
        }
        if found.len() == SPLATS_MAX {
            if !panics {
                repeated = true;
                continue;
            }
            found.pop();
        }
        panicked = panics;
        seen.push(same);
        let mut splat = Splat { kind: kind.to_owned(), excerpt: String::new() };
        append(&mut splat.excerpt, line);
        found.push(splat);
    }
    found
}

/// What a kernel was doing when its worker interrupted it: its trace from the interrupted instruction
/// on, if it got that far. Lines with a question mark are what earlier calls left on the stack, and
/// left out.
pub fn interrupted(console: &str) -> Option<Splat> {
    let lines = console.lines().map(without_stamp);
    let said = lines.skip_while(|line| !line.starts_with(INTERRUPTED));
    let trace = said.skip_while(|line| !line.starts_with("RIP: ")).filter(|line| !line.starts_with("? "));
    let mut excerpt = String::new();
    trace.take(EXCERPT_LINES_MAX).for_each(|line| append(&mut excerpt, line));
    (!excerpt.is_empty()).then(|| Splat { kind: "interrupted".to_owned(), excerpt })
}

fn append(excerpt: &mut String, line: &str) {
    let separator = usize::from(!excerpt.is_empty());
    let room = EXCERPT_BYTES_MAX.saturating_sub(excerpt.len() + separator);
    if room == 0 {
        return;
    }
    if separator == 1 {
        excerpt.push('\n');
    }
    excerpt.push_str(&line[..line.floor_char_boundary(room)]);
}

/// The line without `<4>`, `[   12.345678]` and `[    T1]`, as far as it has them.
fn without_stamp(line: &str) -> &str {
    let mut rest = line.trim_end();
    for (open, close) in [('<', '>'), ('[', ']'), ('[', ']')] {
        let inner = rest.strip_prefix(open).and_then(|rest| rest.split_once(close));
        if let Some((stamp, after)) = inner
            && stamp.chars().all(|c| c.is_ascii_digit() || " .TC".contains(c))
        {
            rest = after.trim_start();
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(console: &str) -> Vec<String> {
        find(&Policy::built_in(), console).into_iter().map(|splat| splat.kind).collect()
    }

    #[test]
    fn each_kind_of_trouble_is_named() {
        for (kind, line) in [
            ("warning", "[    5.1] WARNING: CPU: 0 PID: 1 at kernel/bpf/verifier.c:2748 reg_bounds+0x1/0x2"),
            ("warning", "[    5.1] WARNING: kernel/bpf/verifier.c:2748 at reg_bounds+0x1/0x2, CPU#0: init/1"),
            ("warning", "<4>[    5.1][    T1] WARNING: CPU: 0 PID: 1 at mm/util.c:1 x+0x1/0x2"),
            ("bug", "[    5.1] BUG: kernel NULL pointer dereference, address: 0000000000000000"),
            ("bug", "[    5.1] BUG: sleeping function called from invalid context at mm/slab.h:1"),
            ("bug", "[    5.1] kernel BUG at kernel/bpf/core.c:12!"),
            ("oops", "[    5.1] general protection fault, probably for non-canonical address 0xdead: 0000"),
            ("oops", "[    5.1] Oops: 0002 [#1] PREEMPT SMP NOPTI"),
            ("kasan", "[    5.1] BUG: KASAN: slab-out-of-bounds in map_update+0x1/0x2"),
            ("ubsan", "[    5.1] UBSAN: array-index-out-of-bounds in kernel/bpf/x.c:1:2"),
            ("lockdep", "[    5.1] WARNING: possible circular locking dependency detected"),
            ("lockdep", "[    5.1] WARNING: possible recursive locking detected"),
            ("rcu_usage", "[    5.1] WARNING: suspicious RCU usage"),
            ("rcu_stall", "[    5.1] rcu: INFO: rcu_preempt self-detected stall on CPU"),
            ("soft_lockup", "[    5.1] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [init:1]"),
            ("hung_task", "[    5.1] INFO: task init:1 blocked for more than 120 seconds."),
            ("panic", "[    5.1] Kernel panic - not syncing: Fatal exception"),
        ] {
            assert_eq!(kinds(line), [kind], "{line}");
        }
    }

    #[test]
    fn lines_of_a_healthy_boot_are_no_splats() {
        let boot = "\
[    0.000000] ..MP-BIOS bug: 8254 timer not connected to IO-APIC
[    0.000000] Spectre V2 : WARNING: Unprivileged eBPF is enabled, data leaks possible!
[    0.000000] printk: debug: ignoring loglevel setting.
[    0.100000] x86/cpu: SGX disabled by BIOS.
[    0.200000] rcu: Hierarchical RCU implementation.
[    0.300000] WARNING: reserved memory overlaps
[    0.400000] Kernel command line: panic=-1 oops=panic
[    0.500000] bug-free: BUG is a word";
        assert_eq!(kinds(boot), Vec::<String>::new());
    }

    #[test]
    fn a_splat_is_one_with_what_follows_and_is_told_once() {
        let oops = "\
[    7.0] BUG: unable to handle page fault for address: ffff8
[    7.0] Oops: 0002 [#1] PREEMPT
[    7.0] Call Trace:
[    7.0] ---[ end trace 0000000000000000 ]---
[    7.1] nothing special
";
        let twice = format!("{oops}{}", oops.replace("7.", "8."));
        let splats = find(&Policy::built_in(), &twice);
        assert_eq!(splats.len(), 1);
        assert!(splats[0].excerpt.starts_with("BUG: unable") && splats[0].excerpt.contains("Call Trace:"));
        assert!(!splats[0].excerpt.contains("nothing special"));
    }

    #[test]
    fn a_new_trace_ends_the_one_before() {
        let console = "\
WARNING: possible circular locking dependency detected
held lock
------------[ cut here ]------------
WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2
";
        assert_eq!(kinds(console), ["lockdep", "warning"]);
    }

    #[test]
    fn a_panic_is_the_last_splat_and_never_part_of_another_nor_left_out() {
        let console = "\
BUG: stack guard page was hit at 000000008d1c2d5e
RIP: 0010:bpf_get_current_comm+0x5/0x60
Kernel panic - not syncing: Fatal exception in interrupt
CPU: 0 PID: 1 Comm: init
---[ end Kernel panic - not syncing: Fatal exception in interrupt ]---
BUG: after the end
";
        assert_eq!(kinds(console), ["bug", "panic"]);
        let excerpt = find(&Policy::built_in(), console).remove(1).excerpt;
        assert!(excerpt.contains("Comm: init") && !excerpt.contains("after the end"), "{excerpt}");
        let many: String = ('a'..='z').map(|name| format!("BUG: {name}\n---[ end trace ]---\n")).collect();
        let kinds = kinds(&format!("{many}{console}"));
        assert_eq!((kinds.len(), kinds.last().map(String::as_str)), (SPLATS_MAX, Some("panic")));
    }

    #[test]
    fn excerpts_and_their_number_are_bounded() {
        let long = format!("BUG: {}\n{}", "é".repeat(EXCERPT_BYTES_MAX), "x\n".repeat(1000));
        let splats = find(&Policy::built_in(), &long);
        assert!(splats[0].excerpt.len() <= EXCERPT_BYTES_MAX);
        let many: String = ('a'..='z').map(|name| format!("BUG: {name}\n---[ end trace ]---\n")).collect();
        assert_eq!(find(&Policy::built_in(), &many).len(), 16);
        let lines = format!("BUG: a\n{}BUG: b\n", "x\n".repeat(EXCERPT_LINES_MAX - 1));
        assert_eq!(kinds(&lines), ["bug", "bug"]);
    }

    #[test]
    fn a_policy_that_looks_for_nothing_is_refused() {
        for (text, says) in [
            ("trouble = []", "no [[trouble]]"),
            ("[[trouble]]\nkind = 'a'", "`a` needs"),
            ("[[trouble]]\nkind = 'a'\ncontains = ''", "`a` needs"),
            ("[[trouble]]\nkind = 'a'\ncontains = 'b'\nregex = 'c'", "cannot be read"),
            ("[[harmless]]\ncontains = 'b'", "cannot be read"),
            ("", "cannot be read"),
        ] {
            let error = Policy::parse(text).expect_err(text).to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
