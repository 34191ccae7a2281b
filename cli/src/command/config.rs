//! `bpfcompat config show`

use super::Context;
use crate::exit::{Exit, Failure};
use crate::render::list::table;

/// Prints the settings in effect and where each came from.
pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let rows = context.settings.shown.iter();
    let rows = rows.map(|line| [line.key.to_owned(), line.value.clone(), line.source.clone()]).collect();
    super::print(&table(["SETTING", "VALUE", "FROM"], rows, context.paint()))
}
