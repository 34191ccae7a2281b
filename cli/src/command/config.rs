//! `bpfcompat config show|check`

use super::Context;
use crate::args::typed::Config;
use crate::exit::{Exit, Failure};
use crate::render::list::table;

/// Prints the settings in effect and where each came from, or that nothing is wrong with them. What is wrong was told
/// when they were read, but for what only files tell.
pub(super) fn run(context: &Context, verb: &Config) -> Result<Exit, Failure> {
    let settings = &context.settings;
    match verb {
        Config::Show => {
            let rows = settings.shown.iter();
            let rows = rows.map(|line| [line.key.to_owned(), line.value.clone(), line.source.clone()]);
            super::print(&table(["SETTING", "VALUE", "FROM"], rows.collect(), context.paint()))
        }
        Config::Check => {
            if let Some(url) = &settings.controller {
                proto::endpoint(url, settings.ca.as_deref()).map_err(Failure::misuse)?;
            }
            super::print("the settings can be used\n")
        }
    }
}
