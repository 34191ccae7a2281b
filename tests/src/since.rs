//! The tables of first versions, held to what a kernel says of itself.

use crate::system::data_dir;
use anyhow::Context as _;
use domain::kernel::Series;
use domain::selector::Selector;
use insight::btf::{self, Names};
use insight::since::{Kind, Row, Standing, rows};
use std::collections::BTreeMap;
use worker::kernel::{Library, Settings};

/// What one kernel says: its series, its types, and its configuration, if the bundle has it.
#[derive(Debug)]
pub struct Witness {
    /// Its series.
    pub series: Series,
    /// Its raw BTF.
    pub btf: Vec<u8>,
    /// Its configuration, as text.
    pub config: Option<String>,
}

/// What the kernel says that a selector names; it is fetched if it is not on this host.
///
/// # Errors
/// No such kernel, or its bundle or its BTF cannot be had.
pub async fn witness(selector: &str) -> anyhow::Result<Witness> {
    let settings = Settings::default();
    let age = settings.index_max_age();
    let library = Library::open(&data_dir().join("kernels"), settings)?;
    let catalogue = library.catalogue(age, &|_| ()).await?;
    let kernel = selector.parse::<Selector>()?.only(&catalogue.kernels)?;
    let bundle = library.bundle(kernel, &|_| ()).await?;
    let btf = std::fs::read(bundle.btf.with_context(|| format!("{} has no BTF", kernel.id))?)?;
    let config = bundle.config.map(std::fs::read_to_string).transpose()?;
    Ok(Witness { series: kernel.series, btf, config })
}

/// The enumerations of the kernel's `linux/bpf.h` that are features, and how their members begin.
const ENUMERATIONS: [(Kind, &str, &str); 6] = [
    (Kind::ProgramType, "bpf_prog_type", "BPF_PROG_TYPE_"),
    (Kind::MapType, "bpf_map_type", "BPF_MAP_TYPE_"),
    (Kind::AttachType, "bpf_attach_type", "BPF_"),
    (Kind::LinkType, "bpf_link_type", "BPF_LINK_TYPE_"),
    (Kind::Command, "bpf_cmd", "BPF_"),
    (Kind::Helper, "bpf_func_id", "BPF_FUNC_"),
];

/// Members that are no features: zeros, ends, and second names of members that have a row.
const NO_FEATURES: [&str; 9] = [
    "BPF_PROG_TYPE_UNSPEC",
    "BPF_MAP_TYPE_UNSPEC",
    "BPF_MAP_TYPE_CGROUP_STORAGE_DEPRECATED",
    "BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE_DEPRECATED",
    "BPF_LINK_TYPE_UNSPEC",
    "MAX_BPF_LINK_TYPE",
    "BPF_PROG_RUN",
    "BPF_FUNC_unspec",
    "__BPF_FUNC_MAX_ID",
];

/// Where table and kernel disagree, one sentence each.
pub fn disagreements(witness: &Witness) -> Vec<String> {
    let names = btf::names(&witness.btf);
    let of_rows = rows().iter().filter_map(|row| disagreement(witness, &names, row));
    of_rows.chain(unknown(&names)).map(|says| format!("{}: {says}", witness.series)).collect()
}

fn disagreement(witness: &Witness, names: &Names<'_>, row: &Row) -> Option<String> {
    let has = has(names, row)?;
    let says = match (row.standing(witness.series), has) {
        (Standing::NotYet, true) if !row.older => "is there already",
        (Standing::Gone, true) => "is still there",
        (Standing::There, false) if !may_lack(witness, row) => "is missing",
        _ => return None,
    };
    Some(format!("{:?} {} {says}: {row:?}", row.kind, row.name))
}

/// Whether the kernel's BTF tells of it; `None` where BTF cannot, or where it tells another number.
fn has(names: &Names<'_>, row: &Row) -> Option<bool> {
    let name = row.name.as_str();
    let has = match row.kind {
        Kind::Kfunc | Kind::Function => names.functions.contains(name),
        Kind::Hook => names.functions.contains(format!("bpf_lsm_{name}").as_str()),
        Kind::StructOps => names.structs.contains(format!("bpf_struct_ops_{name}").as_str()),
        Kind::Iterator => names.structs.contains(format!("bpf_iter__{name}").as_str()),
        Kind::Tracepoint => names.tracepoints.contains(name),
        Kind::Flag => names.enumerations.values().flatten().any(|(member, _)| *member == name),
        Kind::Ability => return None,
        _ => {
            let (_, enumeration, start) = ENUMERATIONS.iter().find(|(kind, ..)| *kind == row.kind)?;
            let rest = if row.kind == Kind::Helper { name.to_owned() } else { name.to_ascii_uppercase() };
            let member = format!("{start}{rest}");
            let value = names.enumerations.get(enumeration)?.iter().find(|(known, _)| *known == member);
            value.is_some_and(|(_, value)| row.number.is_none_or(|number| number == *value))
        }
    };
    Some(has)
}

/// Whether a kernel past the first version may be without it: compilers swallow functions, flags were no
/// enumerators before 6.12, modules have types of their own, and options can be off. Bundles of kernels whose
/// package has no configuration cannot tell that one is on.
fn may_lack(witness: &Witness, row: &Row) -> bool {
    let is_off = |option: &String| {
        let Some(config) = &witness.config else { return true };
        let on = format!("CONFIG_{option}=y");
        !config.lines().any(|line| line == on)
    };
    matches!(row.kind, Kind::Function | Kind::Flag)
        || row.module.is_some()
        || row.config.as_ref().is_some_and(is_off)
}

/// Members of the kernel's enumerations that no row is about.
fn unknown(names: &Names<'_>) -> Vec<String> {
    let mut known: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
    for row in rows() {
        known.entry(row.kind).or_default().push(row.name.to_ascii_lowercase());
    }
    let members = ENUMERATIONS.iter().flat_map(|(kind, enumeration, start)| {
        let members = names.enumerations.get(enumeration).into_iter().flatten();
        members.map(move |(member, _)| (kind, *start, *member))
    });
    let features =
        members.filter(|(_, _, member)| !member.starts_with("__MAX") && !NO_FEATURES.contains(member));
    let without_row = features.filter(|(kind, start, member)| {
        let name = member.strip_prefix(start).unwrap_or(member).to_ascii_lowercase();
        !known.get(*kind).is_some_and(|names| names.contains(&name))
    });
    without_row.map(|(_, _, member)| format!("{member} has no row")).collect()
}
