//! Whether an answer is about the object, or about who asked.

use super::RefusedError;
use crate::sys::smallest;
use domain::errno::Errno;
use domain::evidence::{Evidence, KernelFacts};
use domain::verdict::Verdict;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

/// Capabilities of `linux/capability.h`, by number. CAP_SYS_ADMIN stands for all of them.
const SYS_ADMIN: (&str, u32) = ("CAP_SYS_ADMIN", 21);
const BPF: (&str, u32) = ("CAP_BPF", 39);
const PERFMON: (&str, u32) = ("CAP_PERFMON", 38);
const NET_ADMIN: (&str, u32) = ("CAP_NET_ADMIN", 12);

/// What libbpf says when it may not look for kernel functions in modules.
const NO_MODULES: &str = "skipping module BTFs loading, missing privileges";

/// Whether the kernel gives this thread anything at all. To be asked before libbpf is used.
pub(super) fn ask() -> Result<(), RefusedError> {
    let absent = missing(&[BPF, PERFMON, NET_ADMIN]);
    let refusal = match absent.contains(&BPF.0) {
        true => "not everybody may load programs".to_owned(),
        false => match smallest::map().and_then(|_| smallest::program()) {
            Ok(_) => return Ok(()),
            Err(errno) => format!("it refused the smallest map or program ({errno})"),
        },
    };
    let says = format!("{refusal}; {}", why(&absent, None));
    Err(RefusedError::NotPermitted { missing: absent, says })
}

/// Whether a verdict is about the object. A refusal with EPERM is about who asks, never about what. And without
/// CAP_BPF and CAP_PERFMON the verifier forbids to everybody what it allows to who has them.
pub(super) fn believe(evidence: &Evidence, verdict: Verdict) -> Result<(), RefusedError> {
    let maps = evidence.maps.iter().map(|map| map.errno);
    let mut errnos = maps.chain(evidence.loads.iter().map(|load| load.errno)).flatten();
    let refused = |missing: Vec<&'static str>, what: &str| {
        let says = format!("{what}; {}", why(&missing, evidence.kernel.as_ref()));
        Err(RefusedError::NotPermitted { missing, says })
    };
    if errnos.any(|errno| errno == Errno::EPERM) {
        return refused(missing(&[BPF, PERFMON, NET_ADMIN]), "it refused a map or a program with EPERM");
    }
    if verdict == Verdict::Passes {
        return Ok(());
    }
    let rights = missing(&[BPF, PERFMON]);
    if !rights.is_empty() {
        return refused(rights, "its verifier is stricter without capabilities");
    }
    let mut logs = evidence.logs.iter();
    let admin = missing(&[SYS_ADMIN]);
    if !admin.is_empty() && logs.any(|log| log.text.contains(NO_MODULES)) {
        return refused(admin, "it does not show the types of its modules");
    }
    Ok(())
}

/// Those that this thread does not have; none where that cannot be read.
fn missing(wanted: &[(&'static str, u32)]) -> Vec<&'static str> {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    lacks(effective(&status).unwrap_or(u64::MAX), wanted)
}

fn lacks(effective: u64, wanted: &[(&'static str, u32)]) -> Vec<&'static str> {
    let has = |number: u32| effective & (1 << number) != 0;
    let absent = wanted.iter().filter(|(_, number)| !has(*number) && !has(SYS_ADMIN.1));
    absent.map(|(name, _)| *name).collect()
}

/// `CapEff` of `/proc/PID/status`.
fn effective(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// What is known of the reason.
fn why(missing: &[&str], facts: Option<&KernelFacts>) -> String {
    if !missing.is_empty() {
        return format!("this thread lacks {}", missing.join(" and "));
    }
    let (soft, _) = getrlimit(Resource::RLIMIT_MEMLOCK).unwrap_or((RLIM_INFINITY, RLIM_INFINITY));
    let limit = match soft {
        RLIM_INFINITY => String::new(),
        bytes => format!(
            "RLIMIT_MEMLOCK, {bytes} bytes, to which kernels before 5.11 hold BPF and which is not raised here; "
        ),
    };
    let lockdown = facts.and_then(|facts| facts.lockdown.as_deref()).filter(|mode| *mode != "none");
    let lockdown = lockdown.map(|mode| format!("lockdown, which is `{mode}`; ")).unwrap_or_default();
    format!("this thread has the capabilities, so see {limit}{lockdown}security modules and user namespaces")
}

#[cfg(test)]
mod tests {
    use super::super::fold::tests::observed;
    use super::*;
    use domain::evidence::{MapCreate, Open};
    use domain::message::FromGuest;

    #[test]
    fn a_refusal_for_lack_of_rights_is_no_verdict() {
        let refused = |errno| {
            let map = MapCreate { map: "counts".to_owned(), errno: Some(errno), without_flags: None };
            observed(&[FromGuest::Opened(Open::default()), FromGuest::Map(map)])
        };
        for verdict in Verdict::ALL {
            let believed = believe(&refused(Errno::EPERM), verdict);
            assert!(matches!(believed, Err(RefusedError::NotPermitted { .. })), "{verdict}: {believed:?}");
        }
        assert!(believe(&refused(Errno::EINVAL), Verdict::Passes).is_ok(), "a pass needs no rights");
    }

    #[test]
    fn the_capabilities_of_a_thread_are_read() {
        let status = "Name:\tgate\nCapEff:\t000000c000001000\nCapBnd:\t000001ffffffffff\n";
        let effective = effective(status).expect("it is there");
        assert!(lacks(effective, &[BPF, PERFMON, NET_ADMIN]).is_empty());
        assert_eq!(lacks(effective & !(1 << 38), &[BPF, PERFMON, NET_ADMIN]), ["CAP_PERFMON"]);
        assert_eq!(lacks(0, &[BPF, SYS_ADMIN]), ["CAP_BPF", "CAP_SYS_ADMIN"]);
        assert!(lacks(1 << 21, &[BPF, PERFMON, NET_ADMIN]).is_empty(), "CAP_SYS_ADMIN stands for all");
    }
}
