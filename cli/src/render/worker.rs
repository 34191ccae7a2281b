//! One worker with all that is known of it.

use super::fold::{beside, folded};
use super::list::when;
use super::paint::Tone;
use super::table::Look;
use super::{bytes, printable};
use domain::axis::Loader;
use proto::wire;
use worker::slot::budget::Limit;
use worker::tally::Event;

/// Columns of the names.
const NAMES: usize = 13;
/// A meaning stands beside its name if it has at least as many columns there.
const MEANING_MIN: usize = 40;

/// What the worker is, what it carries, and what happened since it started.
pub(crate) fn card(worker: &wire::Worker, look: Look) -> String {
    let mut lines = Vec::new();
    let mut say = |name: &str, value: String| lines.extend(beside(name, NAMES, &value, look.width));
    say("worker", worker.name.clone());
    say("id", worker.id.clone());
    say("state", format!("{}, last seen {}", worker.state, when(worker.last_seen_at.as_ref())));
    say("version", worker.version.clone());
    say("accelerator", worker.accelerator.clone());
    say("qemu", worker.qemu.clone());
    say("cpus", worker.cpus.to_string());
    say("memory", bytes(worker.memory_bytes));
    let external = worker.external_loaders.iter().map(String::as_str);
    say("loaders", Loader::BUILT_IN.into_iter().chain(external).collect::<Vec<_>>().join(", "));
    say("slots", worker.slots.to_string());
    say("leases", worker.leases.to_string());
    let Some(budget) = &worker.budget else {
        say("budget", "not said yet".to_owned());
        return lines.join("\n") + "\n";
    };
    say("budget", format!("{} of {} cells: {}", budget.cells, worker.slots, reason(budget)));
    say("in flight", budget.in_flight.to_string());
    let available = if budget.available_bytes == 0 { "-".to_owned() } else { bytes(budget.available_bytes) };
    say("available", available);
    say("other load", format!("{:.1}", budget.load_of_others));
    lines.push(String::new());
    let title = match worker.state.as_str() {
        "connected" => "Since it started",
        _ => "Until it was last heard of",
    };
    lines.push(look.paint.paint(Tone::Bold, title));
    lines.extend(tally(&worker.tally, look.width));
    lines.join("\n") + "\n"
}

/// Why there are not more cells. The words of a newer worker are shown as they are.
fn reason(budget: &wire::Budget) -> String {
    let known = Limit::ALL.iter().find(|limit| limit.name() == budget.limited_by);
    known.map_or_else(|| format!("limited by {}", budget.limited_by), |limit| limit.says().to_owned())
}

/// Count, name and meaning; the meaning below where the terminal is narrow.
fn tally(tally: &[wire::Count], width: usize) -> Vec<String> {
    let counts = tally.iter().map(|count| count.count.to_string().len()).max().unwrap_or(0);
    let names = tally.iter().map(|count| count.name.len()).max().unwrap_or(0);
    let is_wide = counts + names + 4 + MEANING_MIN <= width;
    let indent = if is_wide { counts + names + 4 } else { counts + 4 };
    let mut lines = Vec::new();
    for count in tally {
        let known = Event::ALL.iter().find(|event| event.name() == count.name);
        let mut meaning = folded(known.map_or("", |event| event.help()), width.saturating_sub(indent));
        let beside = if is_wide { meaning.next().unwrap_or_default() } else { String::new() };
        let name = printable(&count.name);
        lines.push(format!("{:>counts$}  {name:<names$}  {beside}", count.count).trim_end().to_owned());
        lines.extend(meaning.filter(|part| !part.is_empty()).map(|part| " ".repeat(indent) + &part));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::paint::Paint;

    fn worker() -> wire::Worker {
        let count = |name: &str, count| wire::Count { name: name.to_owned(), count };
        wire::Worker {
            id: "0198c5f2-7b1e-7cc0-8000-0123456789ab".to_owned(),
            name: "rack-7".to_owned(),
            state: "connected".to_owned(),
            version: "0.1.0".to_owned(),
            accelerator: "kvm".to_owned(),
            qemu: "10.0.2".to_owned(),
            cpus: 4,
            memory_bytes: 16_000_000_000,
            slots: 4,
            leases: 1,
            last_seen_at: Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 0 }),
            budget: Some(wire::Budget {
                cells: 2,
                limited_by: "memory".to_owned(),
                in_flight: 1,
                available_bytes: 3_400_000_000,
                load_of_others: 0.25,
            }),
            tally: vec![count("clones", 1200), count("newer", 3)],
            external_loaders: vec!["bpftool".to_owned(), "ours".to_owned()],
        }
    }

    #[test]
    fn a_worker_says_what_it_carries_and_why_not_more() {
        let look = Look::new(100, Paint::OFF);
        let expected = "\
worker       rack-7
id           0198c5f2-7b1e-7cc0-8000-0123456789ab
state        connected, last seen 2026-09-21 14:13:20Z
version      0.1.0
accelerator  kvm
qemu         10.0.2
cpus         4
memory       16.0 GB
loaders      libbpf, aya, bpftool, ours
slots        4
leases       1
budget       2 of 4 cells: its available memory carries no more guests
in flight    1
available    3.4 GB
other load   0.2

Since it started
1200  clones  Guests restored from a template that took their job.
   3  newer
";
        assert_eq!(card(&worker(), look), expected);
    }

    #[test]
    fn a_narrow_terminal_breaks_between_words() {
        let text = card(&worker(), Look::new(44, Paint::OFF));
        assert!(
            text.contains(
                "budget       2 of 4 cells: its available\n             memory carries no more guests\n"
            ),
            "{text}"
        );
        assert!(
            text.contains(
                "1200  clones\n        Guests restored from a template that\n        took their job.\n"
            ),
            "{text}"
        );
        let id = |line: &&str| !line.contains("0198c5f2");
        assert!(text.lines().filter(id).all(|line| line.len() <= 44), "{text}");
    }

    #[test]
    fn what_is_unknown_is_not_made_up() {
        let silent = wire::Worker { budget: None, tally: Vec::new(), ..worker() };
        let text = card(&silent, Look::new(80, Paint::OFF));
        assert!(text.ends_with("budget       not said yet\n"), "{text}");
        let mut newer = worker();
        newer.budget.as_mut().expect("a budget").limited_by = "heat".to_owned();
        let text = card(&newer, Look::new(80, Paint::OFF));
        assert!(text.contains("2 of 4 cells: limited by heat"), "{text}");
    }
}
