//! The sentence about a first version that a cause gets.

use crate::since::{Kind, Row};
use domain::kernel::Series;

/// Since when upstream has it.
fn has(row: &Row) -> Option<String> {
    let first = row.first?;
    let says = match row.kind {
        Kind::Kfunc => format!("Upstream lets programs call it since {first}"),
        Kind::AttachType => format!("Upstream has this way to attach since {first}"),
        Kind::Ability => format!("Upstream has {} since {first}", row.name.replace('_', " ")),
        _ => format!("Upstream has it since {first}"),
    };
    Some(says)
}

/// Of what came after the kernel.
pub(super) fn came(row: &Row) -> Option<String> {
    let mut says = has(row)?;
    if let Some(until) = row.until {
        says.push_str(&format!(", and until {until}"));
        if let Some(renamed) = &row.renamed {
            says.push_str(&format!(", from when on `{renamed}` has its place"));
        }
    }
    Some(says + &back(row) + ".")
}

/// Of what was gone before the kernel came.
pub(super) fn went(row: &Row) -> Option<String> {
    let until = row.until?;
    let says = match &row.renamed {
        Some(renamed) => format!("From {until} on `{renamed}` has its place"),
        None => format!("It was removed in {until}"),
    };
    Some(says + &back(row) + ".")
}

/// Of what came back.
fn back(row: &Row) -> String {
    row.again.map_or_else(String::new, |again| format!("; it is back since {again}"))
}

/// Of what a kernel of this series should have.
pub(super) fn off(row: &Row, series: Series) -> Option<String> {
    let option = row.config.as_ref().map_or_else(String::new, |name| format!(" (CONFIG_{name})"));
    let how = match &row.module {
        Some(module) => format!("has it in module `{module}` or is built without it"),
        None => "is built without it".to_owned(),
    };
    Some(format!("{}; this kernel, a {series}, {how}{option}.", has(row)?))
}
