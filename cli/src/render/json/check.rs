//! Checks in the report.

use super::{Cause, verdict};
use proto::wire;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Check<'a> {
    name: &'a str,
    required: bool,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Command<'a>>,
}

/// How its command went.
#[derive(Serialize)]
pub(super) struct Command<'a> {
    /// `exited`, `signalled`, `timed_out` or `not_started`.
    end: &'a str,
    /// The status, the signal, or the error number that kept it from starting.
    number: u32,
    took_ms: u64,
    stdout: Output<'a>,
    stderr: Output<'a>,
}

#[derive(Serialize, Default)]
struct Output<'a> {
    text: &'a str,
    bytes: u64,
}

impl<'a> Check<'a> {
    pub(super) fn of(check: &'a wire::CheckVerdict) -> Self {
        Self {
            name: &check.name,
            required: check.required,
            verdict: verdict(check.verdict()),
            cause: check.cause.as_ref().map(Cause::of),
            command: check.command.as_ref().map(Command::of),
        }
    }
}

impl<'a> Command<'a> {
    pub(super) fn of(command: &'a wire::CommandRun) -> Self {
        Self {
            end: &command.end,
            number: command.number,
            took_ms: command.took_ms,
            stdout: command.stdout.as_ref().map(Output::of).unwrap_or_default(),
            stderr: command.stderr.as_ref().map(Output::of).unwrap_or_default(),
        }
    }
}

impl<'a> Output<'a> {
    fn of(output: &'a wire::Output) -> Self {
        Self { text: &output.text, bytes: output.bytes }
    }
}
