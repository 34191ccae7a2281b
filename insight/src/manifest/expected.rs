//! `expected_failures`: failures that are known and do not decide, for a while.

use super::problem::{nearest, short};
use super::read::{Fields, Reader};
use super::yaml::Node;
use domain::cause::CauseCode;
use domain::contract::ExpectedFailure;
use domain::selector::Selector;
use time::Date;
use time::macros::format_description;

pub(crate) const EXPECTED_FAILURE: &[&str] = &["program", "kernels", "cause", "reason", "until"];
const NEEDED: [&str; 3] = ["kernels", "reason", "until"];

pub(crate) fn read(reader: &mut Reader, node: &Node) -> Vec<ExpectedFailure> {
    let nodes = reader.list(node, "expected failures").iter().enumerate();
    nodes.filter_map(|(at, node)| one(reader, node, at)).collect()
}

fn one(reader: &mut Reader, node: &Node, at: usize) -> Option<ExpectedFailure> {
    let fields = reader.fields(node, EXPECTED_FAILURE);
    of_fields(reader, node, &fields, format!("expected_failures.{at}"))
}

/// The failure that these fields of a map describe; the place of its program is remembered under `path`.
pub(crate) fn of_fields(
    reader: &mut Reader,
    node: &Node,
    fields: &Fields<'_>,
    path: String,
) -> Option<ExpectedFailure> {
    let missing: Vec<&str> = NEEDED.into_iter().filter(|key| !fields.contains_key(key)).collect();
    if !missing.is_empty() {
        reader.wrong(node.place, format!("an expected failure needs {}", missing.join(", ")));
    }
    let program = fields.get("program").map(|node| reader.named_text(node, "a program's name", path));
    let cause = fields.get("cause").map(|node| cause(reader, node));
    let kernels = fields.get("kernels").and_then(|node| kernels(reader, node));
    let reason = fields.get("reason").and_then(|node| reader.text(node, "the reason"));
    let until = fields.get("until").and_then(|node| until(reader, node));
    Some(ExpectedFailure {
        // A field that is there and wrong is no field that is not there.
        program: program.map_or(Some(None), |program| program.map(Some))?,
        cause: cause.map_or(Some(None), |cause| cause.map(Some))?,
        kernels: kernels?,
        reason: reason?,
        until: until?,
    })
}

pub(crate) fn kernels(reader: &mut Reader, node: &Node) -> Option<String> {
    let text = reader.text(node, "a selector of kernels")?;
    match text.parse::<Selector>().and_then(|selector| selector.fixed().map(|_| ())) {
        Ok(()) => Some(text),
        Err(error) => {
            reader.wrong(node.place, error.to_string());
            None
        }
    }
}

pub(crate) fn cause(reader: &mut Reader, node: &Node) -> Option<CauseCode> {
    let name = reader.text(node, "a cause")?;
    let code = CauseCode::ALL.iter().find(|code| code.name() == name);
    if code.is_none() {
        let nearest = nearest(&name, CauseCode::ALL.iter().map(|code| code.name()));
        reader.wrong(node.place, format!("`{}` is no cause{nearest}", short(&name)));
    }
    code.copied()
}

fn until(reader: &mut Reader, node: &Node) -> Option<Date> {
    let text = reader.text(node, "the last day")?;
    let date = Date::parse(&text, format_description!("[year]-[month]-[day]")).ok();
    if date.is_none() {
        reader.wrong(node.place, format!("`until` is a day like 2027-01-31, not `{}`", short(&text)));
    }
    date
}
