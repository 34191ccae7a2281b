//! What the kernel's own tests expect of their programs, as `tools/testing/selftests/bpf/progs/bpf_misc.h` writes
//! it into an object: a declaration tag `comment:test_…` on the function.
//!
//! In: a compiled object. Out: what a privileged load of each labelled program must give. Deliberately absent:
//! what is expected of unprivileged loads, of a run, and of the code a program becomes.

pub mod report;

use anyhow::Context as _;
use insight::object::function_tags;
use regex::Regex;
use std::collections::BTreeMap;

/// What is expected of one program.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Whether the kernel must accept it.
    pub accepted: bool,
    /// What the verifier's log must contain, in this order. Outside of `{{` and `}}`, which hold a regular
    /// expression, the text is meant as it stands.
    pub messages: Vec<String>,
    /// Flags it must be loaded with, by name.
    pub flags: Vec<String>,
    /// How much the verifier must log; 0 is what a refusal logs anyway.
    pub log_level: u32,
    /// A file of types it must be loaded with.
    pub types: Option<String>,
}

/// The tests' name of the machine the guests are.
const MACHINE: &str = "X86_64";

/// The labels of an object's programs, by name.
///
/// # Errors
/// No object, or a tag that is not as expected.
pub fn labels(object: &[u8]) -> anyhow::Result<BTreeMap<String, Label>> {
    let mut tags: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for tag in function_tags(object)? {
        if let Some(text) = tag.text.strip_prefix("comment:test_") {
            tags.entry(tag.function).or_default().push(text.to_owned());
        }
    }
    let labelled = tags.into_iter().filter_map(|(program, tags)| Some((program, label(&tags).transpose()?)));
    labelled.map(|(program, label)| Ok((program, label?))).collect()
}

/// `None` where nothing is said about privileged loads on this machine.
fn label(tags: &[String]) -> anyhow::Result<Option<Label>> {
    let machines: Vec<&str> = tags.iter().filter_map(|tag| tag.strip_prefix("arch=")).collect();
    let elsewhere = !machines.is_empty() && !machines.contains(&MACHINE);
    let mut label = Label { accepted: true, ..Label::default() };
    let mut said = false;
    for tag in tags {
        let (name, value) = tag.split_once('=').unwrap_or((tag, ""));
        match name {
            // It is loaded beside others and no test of its own.
            "auxiliary" => return Ok(None),
            "expect_success" | "retval" => said = true,
            "expect_failure" => (said, label.accepted) = (true, false),
            "expect_msg" => {
                let (_, message) = value.split_once('=').context("a message has a number before it")?;
                label.messages.push(message.to_owned());
                said = true;
            }
            "prog_flags" => label.flags.push(value.to_owned()),
            "log_level" => label.log_level = value.parse().context("a log level is a number")?,
            "btf_path" => label.types = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok((said && !elsewhere).then_some(label))
}

/// The first message that a log lacks, or that comes too early in it.
///
/// # Errors
/// A regular expression that is none.
pub fn missing<'a>(messages: &'a [String], log: &str) -> anyhow::Result<Option<&'a str>> {
    let mut rest = log;
    for message in messages {
        let Some(found) = pattern(message)?.find(rest) else { return Ok(Some(message)) };
        rest = &rest[found.end()..];
    }
    Ok(None)
}

fn pattern(message: &str) -> anyhow::Result<Regex> {
    let (mut expression, mut rest) = ("(?m)".to_owned(), message);
    while let Some((text, behind)) = rest.split_once("{{") {
        let (inside, behind) = behind.split_once("}}").context("`{{` without `}}`")?;
        expression += &(regex::escape(text) + inside);
        rest = behind;
    }
    Regex::new(&(expression + &regex::escape(rest))).with_context(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tags: &[&str]) -> Option<Label> {
        label(&tags.iter().map(|&tag| tag.to_owned()).collect::<Vec<_>>()).expect("a label")
    }

    #[test]
    fn only_what_is_said_about_privileged_loads_here_is_a_label() {
        assert_eq!(of(&["description=x", "expect_failure_unpriv", "expect_msg_unpriv=0=no"]), None);
        assert_eq!(of(&["expect_success", "arch=ARM64"]), None);
        assert_eq!(of(&["expect_success", "auxiliary"]), None);
        assert!(of(&["expect_success", "arch=ARM64", "arch=X86_64"]).is_some_and(|label| label.accepted));
        let label =
            of(&["expect_failure", "expect_msg=3=a=b", "prog_flags=BPF_F_STRICT_ALIGNMENT", "log_level=2"]);
        let expected = Label {
            accepted: false,
            messages: vec!["a=b".to_owned()],
            flags: vec!["BPF_F_STRICT_ALIGNMENT".to_owned()],
            log_level: 2,
            types: None,
        };
        assert_eq!(label, Some(expected));
    }

    #[test]
    fn messages_are_found_in_their_order() {
        let log = "0: R1=ctx()\ninvalid access (8 > 4)\nprocessed 3 insns";
        for (messages, lacks) in [
            (&["invalid access (8 > 4)"][..], None),
            (&["R1=ctx()", "processed {{[0-9]+}} insns"], None),
            (&["{{^}}processed"], None),
            (&["processed", "R1=ctx()"], Some("R1=ctx()")),
            (&["R1=c.x()"], Some("R1=c.x()")),
        ] {
            let messages: Vec<String> = messages.iter().map(|&text| text.to_owned()).collect();
            assert_eq!(missing(&messages, log).expect("patterns"), lacks);
        }
    }
}
