//! What is known of a name that a kernel did not find: whether one of its modules has it.

use super::classify::Finding;
use domain::cause::CauseCode;
use domain::evidence::{KernelFacts, Modules};

/// The modules that were loaded because they have what the object names, each once. Those that were
/// loaded because these need them are in the evidence.
pub(super) fn used(modules: &Modules) -> Vec<String> {
    let loaded = modules.loads.iter().filter(|load| load.errno.is_none()).map(|load| &load.name);
    let named = |name: &&String| modules.sought.iter().any(|sought| sought.module.as_ref() == Some(*name));
    loaded.filter(named).cloned().collect()
}

/// The modules of one guest.
#[derive(Clone, Copy)]
pub(super) struct Searched<'a> {
    pub(super) modules: &'a Modules,
    pub(super) facts: Option<&'a KernelFacts>,
}

/// Where a symbol that the kernel image lacks is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// Nobody looked, or the modules were not at hand.
    Unknown,
    /// In no module of this kernel.
    Nowhere,
    /// In a module that the guest had loaded.
    Loaded {
        module: &'a str,
        /// Whether its types are published, as far as the guest looked.
        btf: Option<bool>,
    },
    /// In a module that the guest did not have.
    Absent { module: &'a str, why: String },
}

impl<'a> Searched<'a> {
    pub(super) fn place(self, symbol: &str) -> Place<'a> {
        let sought = self.modules.sought.iter().find(|sought| sought.symbol == symbol);
        let Some(sought) = sought.filter(|_| self.modules.searched) else { return Place::Unknown };
        let Some(module) = sought.module.as_deref() else { return Place::Nowhere };
        if let Some(load) = self.modules.loads.iter().find(|load| load.name == module) {
            return match load.errno {
                None => Place::Loaded { module, btf: Some(load.btf) },
                Some(errno) => Place::Absent { module, why: format!("its kernel refused it with {errno}") },
            };
        }
        if self.facts.is_some_and(|facts| facts.modules.iter().any(|name| name == module)) {
            return Place::Loaded { module, btf: None };
        }
        let left = self.modules.left.iter().find(|left| left.name == module);
        left.map_or(Place::Unknown, |left| Place::Absent { module, why: left.why.clone() })
    }
}

impl Place<'_> {
    /// The finding about `subject`, which the guest did not have; `says` tells so in words that hold if
    /// no module has it. Never blames the object for a module that the guest was not given.
    pub(super) fn missing(&self, code: CauseCode, subject: &str, says: String) -> Finding {
        match self {
            Self::Nowhere => Finding::certain(code, subject, says),
            Self::Unknown | Self::Loaded { .. } => Finding::likely(code, subject, says),
            Self::Absent { module, why } => {
                let says =
                    format!("Module `{module}` has `{subject}` and was not loaded in this guest: {why}.");
                Finding::certain(CauseCode::ModuleAbsent, subject, says)
            }
        }
    }

    /// Whose functions were looked through, for a sentence.
    pub(super) fn searched(&self) -> &'static str {
        match self {
            Self::Nowhere => "any of its modules",
            Self::Unknown | Self::Loaded { .. } | Self::Absent { .. } => "a module loaded here",
        }
    }

    /// The finding if the module is there and its types are not published.
    pub(super) fn untyped(&self, subject: &str, program: &str) -> Option<Finding> {
        let Self::Loaded { module, btf: Some(false) } = self else { return None };
        let says = format!(
            "This kernel publishes no BTF of module `{module}`, in which `{program}` needs `{subject}`."
        );
        Some(Finding::certain(CauseCode::ModuleWithoutBtf, subject, says))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::errno::Errno;
    use domain::evidence::{LeftModule, ModuleLoad, Sought};

    #[test]
    fn a_name_is_where_the_guest_had_it_and_else_nowhere_only_after_a_search() {
        let load = |name: &str, errno| ModuleLoad { name: name.to_owned(), errno, btf: true };
        let sought = [
            ("f", None),
            ("g", Some("given")),
            ("h", Some("refused")),
            ("i", Some("large")),
            ("j", Some("cls_bpf")),
        ];
        let sought = sought
            .map(|(symbol, module)| Sought { symbol: symbol.to_owned(), module: module.map(str::to_owned) });
        let modules = Modules {
            searched: true,
            sought: sought.to_vec(),
            left: vec![LeftModule { name: "large".to_owned(), why: "too large".to_owned() }],
            loads: vec![
                load("needed_by_it", None),
                load("given", None),
                load("refused", Some(Errno::EINVAL)),
            ],
        };
        let facts = KernelFacts { modules: vec!["cls_bpf".to_owned()], ..KernelFacts::default() };
        let searched = Searched { modules: &modules, facts: Some(&facts) };
        assert_eq!(searched.place("f"), Place::Nowhere);
        assert_eq!(searched.place("g"), Place::Loaded { module: "given", btf: Some(true) });
        assert!(
            matches!(searched.place("h"), Place::Absent { module: "refused", why } if why.contains("EINVAL"))
        );
        assert!(matches!(searched.place("i"), Place::Absent { module: "large", why } if why == "too large"));
        assert_eq!(searched.place("j"), Place::Loaded { module: "cls_bpf", btf: None });
        assert_eq!(searched.place("never_sought"), Place::Unknown);
        assert_eq!(used(&modules), ["given"]);
        let unsearched = Modules { searched: false, ..modules.clone() };
        assert_eq!(Searched { modules: &unsearched, facts: None }.place("f"), Place::Unknown);
    }
}
