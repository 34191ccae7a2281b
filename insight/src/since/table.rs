//! The tables as they are in their files.

use domain::kernel::Series;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What kind of feature it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A type of programs.
    ProgramType,
    /// A type of maps.
    MapType,
    /// A way to attach programs.
    AttachType,
    /// A type of links.
    LinkType,
    /// A command of bpf(2).
    Command,
    /// A helper, without `bpf_`.
    Helper,
    /// A function of the kernel that programs may call.
    Kfunc,
    /// A struct that programs can be the functions of.
    StructOps,
    /// What an iterator can walk.
    Iterator,
    /// A hook of security policies, without `bpf_lsm_`.
    Hook,
    /// A tracepoint.
    Tracepoint,
    /// Any other function of the kernel.
    Function,
    /// A flag.
    Flag,
    /// What the verifier, the loader or the type information can do, by a name of our own.
    Ability,
}

/// What is known of one feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What kind of feature it is.
    pub kind: Kind,
    /// Its name, as the kind has it.
    pub name: String,
    /// Its number, if kernels go by that.
    pub number: Option<u32>,
    /// The first upstream kernel that has it; `None` for what is older than BPF.
    pub first: Option<Series>,
    /// The commit that brought it, abbreviated.
    pub commit: Option<String>,
    /// Where that is known from.
    pub source: String,
    /// The first upstream kernel that has it no more.
    pub until: Option<Series>,
    /// What took its place then.
    pub renamed: Option<String>,
    /// The first upstream kernel that has it again.
    pub again: Option<Series>,
    /// The option without which kernels are built without it, without `CONFIG_`.
    pub config: Option<String>,
    /// The module that has it where it is built as one.
    pub module: Option<String>,
    /// Whether the kernel had the function before programs were allowed to call it.
    pub older: bool,
}

/// Every row of every table.
pub fn rows() -> &'static [Row] {
    &ROWS
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| FILES.iter().flat_map(|text| read(text)).collect());

const FILES: &[&str] = &[
    include_str!("table/program_types.toml"),
    include_str!("table/map_types.toml"),
    include_str!("table/attach_types.toml"),
    include_str!("table/link_types.toml"),
    include_str!("table/commands.toml"),
    include_str!("table/helpers.toml"),
    include_str!("table/kfuncs.toml"),
    include_str!("table/struct_ops.toml"),
    include_str!("table/iterators.toml"),
    include_str!("table/hooks.toml"),
    include_str!("table/tracepoints.toml"),
    include_str!("table/functions.toml"),
    include_str!("table/flags.toml"),
    include_str!("table/abilities.toml"),
];

/// One file: features of one kind, those that are gone last.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: Kind,
    /// The number of the first feature; the others follow.
    from: Option<u32>,
    /// Where rows can be known from.
    sources: BTreeMap<String, String>,
    #[serde(default)]
    since: Vec<Group>,
    #[serde(default)]
    gone: Vec<Group>,
}

/// Features of which the same is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    names: Vec<String>,
    #[serde(default, deserialize_with = "series")]
    first: Option<Series>,
    commit: Option<String>,
    source: String,
    #[serde(default, deserialize_with = "series")]
    until: Option<Series>,
    renamed: Option<String>,
    #[serde(default, deserialize_with = "series")]
    again: Option<Series>,
    config: Option<String>,
    module: Option<String>,
    #[serde(default)]
    older: bool,
}

fn series<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Series>, D::Error> {
    String::deserialize(from)?.parse().map(Some).map_err(D::Error::custom)
}

fn read(text: &str) -> Vec<Row> {
    let file: File = toml::from_str(text).expect("the tables are part of the program, and tested");
    let groups = file.since.iter().chain(&file.gone);
    let named = groups.flat_map(|group| group.names.iter().map(move |name| (group, name)));
    named
        .zip(0..)
        .map(|((group, name), at)| Row {
            kind: file.kind,
            name: name.clone(),
            number: file.from.map(|from| from + at),
            first: group.first,
            commit: group.commit.clone(),
            source: file.sources.get(&group.source).expect("every source is told").clone(),
            until: group.until,
            renamed: group.renamed.clone(),
            again: group.again,
            config: group.config.clone(),
            module: group.module.clone(),
            older: group.older,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_row_is_sound() {
        let mut known = HashSet::new();
        for row in rows() {
            assert!(known.insert((row.kind, &row.name)), "{} stands twice", row.name);
            assert!(!row.source.is_empty(), "{row:?}");
            assert!(row.first.is_some() || row.until.is_some(), "{row:?} says nothing");
            assert!(row.first.is_none_or(|first| row.until.is_none_or(|until| first < until)), "{row:?}");
            assert!(row.until.is_some() || (row.renamed.is_none() && row.again.is_none()), "{row:?}");
            assert!(row.again.is_none_or(|again| row.until < Some(again)), "{row:?}");
            let is_hex = |text: &String| text.len() == 12 && text.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(row.commit.as_ref().is_none_or(is_hex), "{row:?}");
        }
        assert_eq!(known.len(), rows().len());
    }
}
