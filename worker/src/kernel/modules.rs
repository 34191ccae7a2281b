//! Which modules a guest needs, and in which order they load.
//!
//! Packages carry no `modules.dep` (it is made at installation), so dependencies are read where
//! it takes them from as well: the `depends=` word in each module's `.modinfo` section.

use object::{Object, ObjectSection};
use std::collections::{BTreeMap, BTreeSet};

/// What attaching to traffic control, and to a device whose driver runs XDP, needs where it is not built in.
pub(super) const WANTED: &[&str] = &["sch_ingress", "cls_bpf", "act_bpf", "veth"];

/// Most modules one guest is given. Three and their dependencies are a handful.
pub(super) const MODULES_MAX: usize = 64;

/// The modules that are part of the kernel image.
#[derive(Debug, Default)]
pub(super) struct Builtin(BTreeSet<String>);

impl Builtin {
    /// Reads `modules.builtin`: a path on each line.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let stem = |line: &str| Some(line.rsplit('/').next()?.strip_suffix(".ko")?.replace('-', "_"));
        Self(text.lines().filter_map(stem).collect())
    }

    /// Whether the module is part of the image.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// The names a module says it depends on.
///
/// # Errors
/// A sentence when the bytes are not a kernel module.
pub(super) fn depends(module: &[u8]) -> Result<Vec<String>, String> {
    let elf = object::File::parse(module).map_err(|error| error.to_string())?;
    let section = elf.section_by_name(".modinfo").ok_or("it has no .modinfo section")?;
    let info = section.data().map_err(|error| error.to_string())?;
    let words = info.split(|byte| *byte == 0).find_map(|word| word.strip_prefix(b"depends="));
    let words = String::from_utf8_lossy(words.unwrap_or_default()).into_owned();
    let is_name =
        |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    Ok(words.replace('-', "_").split(',').filter(is_name).map(str::to_owned).collect())
}

/// The order in which `wanted` and their dependencies load: dependencies first, each once; and
/// what cannot load, one sentence each. `depends` has the modules there are.
pub(super) fn load_order(
    wanted: &[&str],
    depends: &BTreeMap<String, Vec<String>>,
    builtin: &Builtin,
) -> (Vec<String>, Vec<String>) {
    let (mut order, mut lacks) = (Vec::new(), Vec::new());
    for &name in wanted {
        let before = order.len();
        if let Err(missing) = visit(name, depends, builtin, &mut order) {
            order.truncate(before);
            lacks.push(match missing == name {
                true => format!("module {name} is not in the packages"),
                false => format!("module {name} needs {missing}, which is not in the packages"),
            });
        }
    }
    (order, lacks)
}

/// Adds what `name` needs and then `name` to `order`, or says which name is missing. Names on the
/// way down are put in first, so that a circle ends.
fn visit(
    name: &str,
    depends: &BTreeMap<String, Vec<String>>,
    builtin: &Builtin,
    order: &mut Vec<String>,
) -> Result<(), String> {
    if builtin.contains(name) || order.iter().any(|known| known == name) {
        return Ok(());
    }
    let needs = depends.get(name).ok_or_else(|| name.to_owned())?;
    let place = order.len();
    order.push(name.to_owned());
    for need in needs {
        visit(need, depends, builtin, order)?;
    }
    order[place..].rotate_left(1);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        edges.iter().map(|(name, needs)| ((*name).to_owned(), owned(needs))).collect()
    }

    #[test]
    fn dependencies_load_first_and_built_in_ones_not_at_all() {
        let builtin = Builtin::parse(b"kernel/net/sched/cls-bpf.ko\nkernel/lib/crc.ko\n");
        let graph = graph(&[("a", &["b", "crc"]), ("b", &["c"]), ("c", &[]), ("d", &["c", "b"])]);
        let (order, lacks) = load_order(&["a", "cls_bpf", "d"], &graph, &builtin);
        assert_eq!((order, lacks), (vec!["c".into(), "b".into(), "a".into(), "d".into()], vec![]));
    }

    #[test]
    fn a_module_without_its_dependency_is_left_out_and_named() {
        let graph = graph(&[("a", &["b"]), ("b", &["gone"]), ("c", &[])]);
        let (order, lacks) = load_order(&["a", "c", "never"], &graph, &Builtin::default());
        assert_eq!(order, ["c"]);
        assert!(lacks[0].contains("module a") && lacks[0].contains("gone"), "{lacks:?}");
        assert!(lacks[1].contains("never"), "{lacks:?}");
    }

    #[test]
    fn a_circle_ends() {
        let graph = graph(&[("a", &["b"]), ("b", &["a"])]);
        let (order, _) = load_order(&["a"], &graph, &Builtin::default());
        assert_eq!(order, ["b", "a"]);
    }

    #[test]
    fn bytes_that_are_no_module_are_refused() {
        assert!(depends(b"not an ELF file").is_err());
    }
}
