//! Which modules every guest needs, and in which order modules load.

use std::collections::BTreeSet;

/// What every guest has loaded before it is frozen, where it is not built in: what attaching to traffic
/// control needs, and a pair of network devices to attach to.
pub(super) const STANDING: &[&str] = &["sch_ingress", "cls_bpf", "act_bpf", "veth"];

/// Modules that load together, which bounds how deep they can depend on each other. Those of distributions
/// with all they need are under twenty.
const TOGETHER_MAX: usize = 512;

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

/// The order in which `wanted` and their dependencies load: dependencies first, each once; and
/// what cannot load, one sentence each. `depends` knows the modules there are.
pub(super) fn load_order<'d>(
    wanted: &[&str],
    builtin: &Builtin,
    depends: &dyn Fn(&str) -> Option<&'d [String]>,
) -> (Vec<String>, Vec<String>) {
    let (mut order, mut lacks) = (Vec::new(), Vec::new());
    for &name in wanted {
        let before = order.len();
        if let Err(missing) = visit(name, &|name| builtin.contains(name), depends, &mut order) {
            order.truncate(before);
            lacks.push(match missing == name {
                true => format!("module {name} is not in the packages"),
                false => format!("module {name} needs {missing}, which is not in the packages"),
            });
        }
    }
    (order, lacks)
}

/// Adds what `name` needs and then `name` to `order`, unless it is `present` in every guest or in `order`
/// already; or says which name is missing. Names on the way down are put in first, so that a circle ends.
pub(super) fn visit<'d>(
    name: &str,
    present: &dyn Fn(&str) -> bool,
    depends: &dyn Fn(&str) -> Option<&'d [String]>,
    order: &mut Vec<String>,
) -> Result<(), String> {
    if present(name) || order.iter().any(|known| known == name) {
        return Ok(());
    }
    let needs = depends(name).ok_or_else(|| name.to_owned())?;
    let place = order.len();
    if place == TOGETHER_MAX {
        return Err(format!("{name} as one of more than {TOGETHER_MAX}"));
    }
    order.push(name.to_owned());
    for need in needs {
        visit(need, present, depends, order)?;
    }
    order[place..].rotate_left(1);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    type Edges<'a> = &'a [(&'a str, &'a [&'a str])];

    fn order(wanted: &[&str], edges: Edges<'_>, builtin: &Builtin) -> (Vec<String>, Vec<String>) {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let graph: BTreeMap<&str, Vec<String>> =
            edges.iter().map(|(name, needs)| (*name, owned(needs))).collect();
        load_order(wanted, builtin, &|name| graph.get(name).map(Vec::as_slice))
    }

    #[test]
    fn dependencies_load_first_and_built_in_ones_not_at_all() {
        let builtin = Builtin::parse(b"kernel/net/sched/cls-bpf.ko\nkernel/lib/crc.ko\n");
        let graph: Edges<'_> = &[("a", &["b", "crc"]), ("b", &["c"]), ("c", &[]), ("d", &["c", "b"])];
        let (order, lacks) = order(&["a", "cls_bpf", "d"], graph, &builtin);
        assert_eq!((order, lacks), (vec!["c".into(), "b".into(), "a".into(), "d".into()], vec![]));
    }

    #[test]
    fn a_module_without_its_dependency_is_left_out_and_named() {
        let graph: Edges<'_> = &[("a", &["b"]), ("b", &["gone"]), ("c", &[])];
        let (order, lacks) = order(&["a", "c", "never"], graph, &Builtin::default());
        assert_eq!(order, ["c"]);
        assert!(lacks[0].contains("module a") && lacks[0].contains("gone"), "{lacks:?}");
        assert!(lacks[1].contains("never"), "{lacks:?}");
    }

    #[test]
    fn a_chain_without_end_is_left_out() {
        let names: Vec<String> = (0..=TOGETHER_MAX + 1).map(|number| format!("m{number}")).collect();
        let needs: Vec<[&str; 1]> = names[1..].iter().map(|name| [name.as_str()]).collect();
        let edges: Vec<(&str, &[&str])> =
            names.iter().zip(&needs).map(|(name, needs)| (name.as_str(), needs.as_slice())).collect();
        let (order, lacks) = order(&["m0"], &edges, &Builtin::default());
        assert!(order.is_empty() && lacks[0].contains("more than"), "{lacks:?}");
    }

    #[test]
    fn a_circle_ends() {
        let (order, _) = order(&["a"], &[("a", &["b"]), ("b", &["a"])], &Builtin::default());
        assert_eq!(order, ["b", "a"]);
    }
}
