//! Checks: commands that run while the programs are attached, and a look at what came of them.
//!
//! In: the declared check and the loaded object. Out: one [`CheckRun`], with what was seen of every
//! expectation. Deliberately absent: whether that is right.

mod events;
mod maps;
mod trace;

use crate::command::{self, Ran, Sought};
use crate::sys::libbpf::Object;
use domain::check::{Check, CheckRun, Expectation, GlobalPlace, Saw};
use events::Events;
use std::process::Command;
use std::time::Duration;
use trace::Trace;

/// Runs one check. `environment` is what its command is told beside the guest's usual.
pub(crate) fn run(
    object: &Object,
    check: &Check,
    places: &[GlobalPlace],
    environment: &[(&str, String)],
) -> CheckRun {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(&check.command).env_clear().current_dir("/tmp");
    command
        .env("PATH", "/bin")
        .env("HOME", "/tmp")
        .envs(environment.iter().map(|(name, value)| (*name, value)));
    let mut sought = Sought::default();
    for expectation in &check.expect {
        match expectation {
            Expectation::Stdout(text) => sought.stdout.push(text.as_bytes()),
            Expectation::Stderr(text) => sought.stderr.push(text.as_bytes()),
            _ => {}
        }
    }
    let mut events = Events::begin(object, &check.expect);
    let trace = Trace::begin();
    let timeout = Duration::from_millis(check.timeout_ms.into());
    let ran = command::run(command, timeout, sought, &mut || events.consume());
    events.consume();
    let saw = see((object, places), check, &ran, &events, &trace);
    CheckRun { name: check.name.clone(), command: ran.run, saw }
}

fn see(
    (object, places): (&Object, &[GlobalPlace]),
    check: &Check,
    ran: &Ran,
    events: &Events,
    trace: &Trace,
) -> Vec<Saw> {
    let (mut stdout, mut stderr) = (ran.stdout.iter().copied(), ran.stderr.iter().copied());
    let expectations = check.expect.iter().enumerate();
    expectations
        .map(|(index, expectation)| match expectation {
            Expectation::Stdout(_) => Saw::Text(stdout.next().unwrap_or(false)),
            Expectation::Stderr(_) => Saw::Text(stderr.next().unwrap_or(false)),
            Expectation::Trace(text) => trace.see(text),
            Expectation::Entry { map, key, .. } => maps::entry(object, map, key),
            Expectation::Global { name, .. } => maps::global(object, places, name),
            Expectation::Entries { map, .. } => maps::entries(object, map),
            Expectation::Events { .. } => events.see(index),
        })
        .collect()
}
