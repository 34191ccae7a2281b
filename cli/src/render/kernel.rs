//! One kernel with all that is known of it.

use super::fold::beside;
use super::paint::Tone;
use super::table::Look;
use super::{bytes, matrix};
use domain::offers::{Offer, Offers, Support};
use proto::wire;

/// Columns of the names.
const NAMES: usize = 15;
/// Longer lists are counted only, unless their names are asked for: a kernel has some 200 helpers, and
/// as many kfuncs and LSM hooks.
const LISTED_MAX: usize = 100;

/// What a kernel offers, or why that is not known.
pub(crate) type Known = Result<Offers, String>;

/// What the kernel is and what it offers to programs; `names` lists all of it.
pub(crate) fn card(
    kernel: &wire::Kernel,
    on_disk: Option<bool>,
    offers: &Known,
    names: bool,
    look: Look,
) -> String {
    let on_disk = match on_disk {
        Some(true) => "yes",
        Some(false) => "no",
        None => "only the workers know",
    };
    let mut rows = vec![
        ("id", kernel.id.clone()),
        ("release", kernel.release.clone()),
        ("version", kernel.version.clone()),
        ("series", kernel.series.clone()),
        ("distro", kernel.distro.clone()),
        ("suites", kernel.suites.join(" ")),
        ("flavour", kernel.flavour.clone()),
        ("arch", kernel.arch.clone()),
        ("sha256", matrix::hex(&kernel.digest)),
        ("download", bytes(kernel.download_bytes)),
        ("on disk", on_disk.to_owned()),
    ];
    let mut lines = Vec::new();
    match offers {
        Err(why) => rows.push(("offers", format!("not known: {why}"))),
        Ok(offers) => {
            lines.extend([String::new(), look.paint.paint(Tone::Bold, "What it offers to programs")]);
            lines.extend(offered(offers, names, look.width));
        }
    }
    let told = rows.iter().flat_map(|(name, value)| beside(name, NAMES, value, look.width));
    let shown: Vec<String> = told.chain(lines).collect();
    shown.join("\n") + "\n"
}

fn offered(offers: &Offers, names: bool, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |name: &str, values: Vec<String>| {
        for (at, value) in values.iter().enumerate() {
            lines.extend(beside(if at == 0 { name } else { "" }, NAMES, value, width));
        }
    };
    say("program types", types(&offers.program_types));
    say("map types", types(&offers.map_types));
    let untold = "not told: its BTF does not name them";
    say("attach types", list(offers.attach_types.as_deref(), names, untold));
    say("helpers", list(offers.helpers.as_deref(), names, untold));
    let unmarked = "not told: kernels before 6.9 do not mark them in their BTF";
    say("kfuncs", list(offers.kfuncs.as_deref(), names, unmarked));
    say("LSM hooks", list(offers.lsm_hooks.as_deref(), names, untold));
    say("iterators", list(offers.iterators.as_deref(), names, untold));
    say("struct_ops", list(offers.struct_ops.as_deref(), names, untold));
    say("configuration", options(offers));
    lines
}

/// A line for what was tried and works, what does not, and what could not be tried.
fn types(offers: &[Offer]) -> Vec<String> {
    let of = |support| {
        let names = offers.iter().filter(|offer| offer.support == support).map(|offer| offer.name.as_str());
        names.collect::<Vec<_>>()
    };
    let supported = of(Support::Supported);
    let mut lines = vec![format!("{} supported: {}", supported.len(), supported.join(" "))];
    for (support, says) in [(Support::Unsupported, "not"), (Support::Named, "named, not tried")] {
        let names = of(support);
        if !names.is_empty() {
            lines.push(format!("{says}: {}", names.join(" ")));
        }
    }
    lines
}

fn list(told: Option<&[String]>, names: bool, untold: &str) -> Vec<String> {
    vec![match told {
        None => untold.to_owned(),
        Some(told) if names || told.len() <= LISTED_MAX => {
            format!("{} named: {}", told.len(), told.join(" "))
        }
        Some(told) => format!("{} named; --names lists them", told.len()),
    }]
}

/// A line for what is built in, what is a module, what is off, and one for each that has a value.
fn options(offers: &Offers) -> Vec<String> {
    let Some(options) = &offers.options else {
        return vec!["not told: its package has no configuration".to_owned()];
    };
    let mut lines = Vec::new();
    for (setting, says) in [("y", "on"), ("m", "modules"), ("n", "off")] {
        let set = options.iter().filter(|(_, value)| *value == setting).map(|(name, _)| name.as_str());
        let set: Vec<&str> = set.collect();
        if !set.is_empty() {
            lines.push(format!("{says}: {}", set.join(" ")));
        }
    }
    let valued = options.iter().filter(|(_, value)| !["y", "m", "n"].contains(&value.as_str()));
    // Lists have no spaces to break at.
    lines.extend(valued.map(|(name, value)| format!("{name}: {}", value.replace(',', " "))));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::paint::Paint;

    fn kernel() -> wire::Kernel {
        wire::Kernel {
            id: "debian/6.1.0-56-cloud-amd64@6.1.192-2".to_owned(),
            release: "6.1.0-56-cloud-amd64".to_owned(),
            version: "6.1.192-2".to_owned(),
            series: "6.1".to_owned(),
            distro: "debian".to_owned(),
            suites: vec!["bookworm".to_owned(), "bookworm-security".to_owned()],
            flavour: "cloud".to_owned(),
            arch: "amd64".to_owned(),
            digest: vec![0xab; 4],
            download_bytes: 27_400_000,
        }
    }

    fn offers() -> Offers {
        let offer = |name: &str, support| Offer { name: name.to_owned(), support };
        let list = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let option = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Offers {
            program_types: vec![offer("xdp", Support::Supported), offer("netfilter", Support::Unsupported)],
            map_types: vec![
                offer("hash", Support::Supported),
                offer("array", Support::Supported),
                offer("arena", Support::Unsupported),
                offer("rhash", Support::Named),
            ],
            attach_types: list(&["cgroup_inet_ingress", "cgroup_inet_egress"]),
            helpers: Some((0..211).map(|number| format!("helper_{number}")).collect()),
            kfuncs: None,
            lsm_hooks: list(&["file_open"]),
            iterators: list(&["task", "bpf_map"]),
            struct_ops: list(&["tcp_congestion_ops"]),
            options: Some(
                [
                    ("BPF_JIT", "y"),
                    ("BPF_LSM", "y"),
                    ("FPROBE", "n"),
                    ("NET_CLS_BPF", "m"),
                    ("LSM", "yama,bpf"),
                ]
                .map(option)
                .into(),
            ),
        }
    }

    #[test]
    fn a_kernel_says_what_it_offers_group_by_group() {
        let expected = "\
on disk        yes

What it offers to programs
program types  1 supported: xdp
               not: netfilter
map types      2 supported: hash array
               not: arena
               named, not tried: rhash
attach types   2 named: cgroup_inet_ingress cgroup_inet_egress
helpers        211 named; --names lists them
kfuncs         not told: kernels before 6.9 do not mark them in their BTF
LSM hooks      1 named: file_open
iterators      2 named: task bpf_map
struct_ops     1 named: tcp_congestion_ops
configuration  on: BPF_JIT BPF_LSM
               modules: NET_CLS_BPF
               off: FPROBE
               LSM: yama bpf
";
        let look = Look::new(100, Paint::OFF);
        let text = card(&kernel(), Some(true), &Ok(offers()), false, look);
        assert!(text.ends_with(expected), "{text}");
        assert!(text.starts_with("id             debian/6.1.0-56-cloud-amd64@6.1.192-2\n"), "{text}");
    }

    #[test]
    fn every_name_is_listed_when_asked_for_and_lines_fit() {
        let look = Look::new(60, Paint::OFF);
        let text = card(&kernel(), None, &Ok(offers()), true, look);
        assert!(text.contains("helpers        211 named: helper_0 helper_1"), "{text}");
        assert!(text.contains("helper_210"), "{text}");
        assert!(text.lines().all(|line| line.len() <= 60), "{text}");
    }

    #[test]
    fn what_is_not_known_says_why_and_nothing_is_made_up() {
        let look = Look::new(80, Paint::OFF);
        let text =
            card(&kernel(), Some(false), &Err("no worker has a template of it".to_owned()), false, look);
        assert!(text.ends_with("offers         not known: no worker has a template of it\n"), "{text}");
        let silent = card(&kernel(), Some(true), &Ok(Offers::default()), false, look);
        assert_eq!(silent.matches("not told: ").count(), 7, "{silent}");
        assert!(
            silent.contains("map types      0 supported: \n")
                || silent.contains("map types      0 supported:")
        );
    }
}
