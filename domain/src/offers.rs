//! What a kernel offers to programs, whatever object is asked about.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names of one kind that are kept; kernels have a few hundred helpers, kernel functions and hooks.
pub const NAMES_MAX: usize = 4096;
/// Types of programs or of maps, and options, that are kept; kernels have 40 types, and [`OPTIONS`] has fewer.
pub const TYPES_MAX: usize = 128;
/// Longest name, in bytes: the kernel's own symbols end at 512.
pub const NAME_BYTES_MAX: usize = 512;
/// Bytes of all names and values together; the newest kernels have some 20 KB of them.
pub const BYTES_MAX: usize = 256 * 1024;

/// How sure it is that a kernel has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// It was tried and worked.
    Supported,
    /// It was tried and the kernel knows it not, or was built without it.
    Unsupported,
    /// The kernel's BTF names it; it could not be tried.
    Named,
}

/// Something a kernel has a name for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its name, as libbpf or the kernel writes it.
    pub name: String,
    /// Whether it is really there.
    pub support: Support,
}

/// Everything one kernel offers; each list in the kernel's own order. `None` is what nobody told, never
/// what is not there. What only its modules add is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Offers {
    /// Program types, tried by loading a smallest program.
    pub program_types: Vec<Offer>,
    /// Map types, tried by creating a small map.
    pub map_types: Vec<Offer>,
    /// Attach types the kernel's BTF names.
    pub attach_types: Option<Vec<String>>,
    /// Helpers the kernel's BTF names, without `bpf_`; none is open to every program type.
    pub helpers: Option<Vec<String>>,
    /// Functions that are marked for programs to call. Kernels before 6.9 mark none, some later ones not all.
    pub kfuncs: Option<Vec<String>>,
    /// Hooks of security policies, without `bpf_lsm_`.
    pub lsm_hooks: Option<Vec<String>>,
    /// What iterators can walk.
    pub iterators: Option<Vec<String>>,
    /// Structs that programs can be the functions of.
    pub struct_ops: Option<Vec<String>>,
    /// What the kernel's configuration says of [`OPTIONS`], without `CONFIG_`: `y`, `m`, `n` or a value.
    pub options: Option<BTreeMap<String, String>>,
}

/// What no kernel offers.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoOffers {
    /// A name that is none.
    #[error(
        "`{}` is no name of something that a kernel offers; names have 1 to {NAME_BYTES_MAX} letters, \
         digits, `_` and `.`", .0.escape_debug().take(80).collect::<String>()
    )]
    Name(String),
    /// An option's value that would be no line of a configuration.
    #[error("option `{0}` has a value of more than {NAME_BYTES_MAX} bytes, or with control characters")]
    Value(String),
    /// More names of one kind than are kept.
    #[error(
        "a kernel offers at most {NAMES_MAX} names of one kind, {TYPES_MAX} if they are types or options"
    )]
    Names,
    /// More than is kept in all.
    #[error("what a kernel offers has at most {BYTES_MAX} bytes")]
    Bytes,
}

impl Offers {
    /// Holds what a stranger said to the limits.
    ///
    /// # Errors
    /// The first thing that is beyond them.
    pub fn check(&self) -> Result<(), NoOffers> {
        let types = [&self.program_types, &self.map_types];
        let lists = [
            &self.attach_types,
            &self.helpers,
            &self.kfuncs,
            &self.lsm_hooks,
            &self.iterators,
            &self.struct_ops,
        ];
        let lists = || lists.into_iter().flatten();
        let options = || self.options.iter().flatten();
        let few = types.into_iter().map(Vec::len).chain([options().count()]).max();
        if few > Some(TYPES_MAX) || lists().map(Vec::len).max() > Some(NAMES_MAX) {
            return Err(NoOffers::Names);
        }
        let typed = types.into_iter().flatten().map(|offer| &offer.name);
        let names = typed.chain(lists().flatten()).chain(options().map(|(name, _)| name));
        let mut bytes = 0;
        for name in names {
            if !is_name(name) {
                return Err(NoOffers::Name(name.clone()));
            }
            bytes += name.len();
        }
        for (name, value) in options() {
            if value.len() > NAME_BYTES_MAX || value.chars().any(char::is_control) {
                return Err(NoOffers::Value(name.clone()));
            }
            bytes += value.len();
        }
        if bytes > BYTES_MAX { Err(NoOffers::Bytes) } else { Ok(()) }
    }
}

/// The compiler gives some functions names with dots.
fn is_name(text: &str) -> bool {
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_' || letter == b'.';
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

/// What a kernel's configuration says of [`OPTIONS`]: `n` for one it does not mention, because the kernel
/// has no such option or another that it needs is off.
pub fn options(config: &str) -> BTreeMap<String, String> {
    let set = |line: &str| {
        let (name, value) = line.strip_prefix("CONFIG_")?.split_once('=')?;
        Some((name.to_owned(), value.trim_matches('"').to_owned()))
    };
    let set: BTreeMap<_, _> = config.lines().filter_map(set).collect();
    let value = |name: &str| set.get(name).map_or("n", String::as_str).to_owned();
    OPTIONS.iter().map(|name| ((*name).to_owned(), value(name))).collect()
}

/// Options of a kernel's configuration that decide what programs can do there, without `CONFIG_`.
pub const OPTIONS: &[&str] = &[
    "BPF_JIT",
    "BPF_JIT_ALWAYS_ON",
    "BPF_KPROBE_OVERRIDE",
    "BPF_LIRC_MODE2",
    "BPF_LSM",
    "BPF_STREAM_PARSER",
    "BPF_SYSCALL",
    "BPF_UNPRIV_DEFAULT_OFF",
    "CGROUP_BPF",
    "DEBUG_INFO_BTF",
    "DEBUG_INFO_BTF_MODULES",
    "DYNAMIC_FTRACE",
    "DYNAMIC_FTRACE_WITH_DIRECT_CALLS",
    "FPROBE",
    "FTRACE_SYSCALLS",
    "FUNCTION_ERROR_INJECTION",
    "HID_BPF",
    "KPROBES",
    "KPROBE_EVENTS",
    "LSM",
    "LWTUNNEL_BPF",
    "NETFILTER_BPF_LINK",
    "NETKIT",
    "NET_ACT_BPF",
    "NET_CLS_BPF",
    "NET_SCH_BPF",
    "PREEMPT_RT",
    "SCHED_CLASS_EXT",
    "UPROBES",
    "UPROBE_EVENTS",
    "XDP_SOCKETS",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kfuncs(names: Vec<String>) -> Offers {
        Offers { kfuncs: Some(names), ..Offers::default() }
    }

    #[test]
    fn a_strangers_offers_are_held_to_the_limits() {
        let name = |length| "k".repeat(length);
        for sound in [Vec::new(), vec!["bpf_iter_num_new".to_owned(), "f.isra.0".to_owned(), name(512)]] {
            assert!(kfuncs(sound).check().is_ok());
        }
        for bad in ["", "bpf obj", "bpf\u{1b}[2J", "bpf\0", "ü", &name(513)] {
            assert!(matches!(kfuncs(vec![bad.to_owned()]).check(), Err(NoOffers::Name(_))), "{bad:?}");
        }
        assert!(matches!(kfuncs(vec![name(1); NAMES_MAX + 1]).check(), Err(NoOffers::Names)));
        let map_types = vec![Offer { name: name(1), support: Support::Named }; TYPES_MAX + 1];
        let types = Offers { map_types, ..Offers::default() };
        assert!(matches!(types.check(), Err(NoOffers::Names)));
        assert!(matches!(kfuncs(vec![name(512); 513]).check(), Err(NoOffers::Bytes)));
        let option = |value: &str| {
            let options = Some([("LSM".to_owned(), value.to_owned())].into());
            Offers { options, ..Offers::default() }.check()
        };
        assert!(option("lockdown,yama").is_ok());
        for bad in ["a\nb", &name(513)] {
            assert!(matches!(option(bad), Err(NoOffers::Value(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_configuration_says_yes_module_value_or_nothing() {
        let told = options(
            "# CONFIG_FPROBE is not set\nCONFIG_BPF_JIT=y\nCONFIG_NET_ACT_BPF=m\nCONFIG_LSM=\"yama,bpf\"\nCONFIG_X=y\n",
        );
        let value = |name: &str| told.get(name).map(String::as_str);
        let said = ["BPF_JIT", "NET_ACT_BPF", "LSM", "FPROBE", "SCHED_CLASS_EXT", "X"].map(value);
        assert_eq!(said, [Some("y"), Some("m"), Some("yama,bpf"), Some("n"), Some("n"), None]);
        assert_eq!(told.len(), OPTIONS.len());
    }
}
