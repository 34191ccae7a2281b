//! What a name means that the kernel did not find: it depends on where its modules have it.

use super::*;
use domain::evidence::{LeftModule, ModuleLoad, Sought};

const EADDRNOTAVAIL: Errno = Errno(99);

/// What was known of the modules when the guest said no.
#[derive(Debug, Clone, Copy)]
enum Search {
    /// They were not at hand.
    None,
    Nowhere,
    Loaded {
        btf: bool,
    },
    Refused,
    Left,
}

fn modules(symbol: &str, search: Search) -> Modules {
    let name = "m".to_owned();
    let module = (!matches!(search, Search::None | Search::Nowhere)).then(|| name.clone());
    let load = |errno, btf| vec![ModuleLoad { name: name.clone(), errno, btf }];
    Modules {
        searched: !matches!(search, Search::None),
        sought: vec![Sought { symbol: symbol.to_owned(), module }],
        left: match search {
            Search::Left => vec![LeftModule { name: name.clone(), why: "it needs module n".to_owned() }],
            _ => Vec::new(),
        },
        loads: match search {
            Search::Loaded { btf } => load(None, btf),
            Search::Refused => load(Some(Errno::EINVAL), false),
            _ => Vec::new(),
        },
    }
}

/// The cause of a program in `section` that was not loaded.
fn of_load(section: &str, symbol: &str, search: Search, log: &str) -> Cause {
    let evidence =
        Evidence { modules: modules(symbol, search), ..evidence(vec![program("p", section, "tracing")]) };
    let evidence = loads(evidence, LoadScope::Whole, Some(Errno::ESRCH), log);
    judge(&loads(evidence, alone("p"), Some(Errno::ESRCH), log), Level::Attach).cause.expect("a cause")
}

/// The cause of a program in `section` that was not attached.
fn of_attach(section: &str, symbol: &str, search: Search, errno: Errno) -> Cause {
    let evidence =
        Evidence { modules: modules(symbol, search), ..evidence(vec![program("p", section, "kprobe")]) };
    let evidence = loads(evidence, LoadScope::Whole, None, "");
    judge(&attaches(evidence, "p", AttachOutcome::Failed(errno), ""), Level::Attach).cause.expect("a cause")
}

#[test]
fn a_name_is_certainly_missing_only_where_every_module_was_searched() {
    let target = "libbpf: prog 'p': failed to find kernel BTF type ID of 'f': -ESRCH\n";
    let kfunc = "libbpf: extern (func ksym) 'f': not found in kernel or module BTFs\n";
    let extern_ = "libbpf: extern (var ksym) 'f': not found in kernel BTF\n";
    for (section, symbol, log, code) in [
        ("fentry/f", "f", target, CauseCode::SymbolMissing),
        ("tp_btf/f", "__tracepoint_f", target, CauseCode::TracepointMissing),
        ("xdp", "f", kfunc, CauseCode::KfuncMissing),
        ("xdp", "f", extern_, CauseCode::ExternMissing),
    ] {
        for (search, expected) in [
            (Search::None, (code, Confidence::Likely)),
            (Search::Nowhere, (code, Confidence::Certain)),
            (Search::Refused, (CauseCode::ModuleAbsent, Confidence::Certain)),
            (Search::Left, (CauseCode::ModuleAbsent, Confidence::Certain)),
        ] {
            let cause = of_load(section, symbol, search, log);
            assert_eq!((cause.code, cause.confidence), expected, "{section} {search:?}: {}", cause.says);
            assert_eq!(cause.subject, "f", "{section} {search:?}");
        }
    }
    for (search, expected) in [
        (Search::None, (CauseCode::SymbolMissing, Confidence::Likely)),
        (Search::Nowhere, (CauseCode::SymbolMissing, Confidence::Certain)),
        (Search::Refused, (CauseCode::ModuleAbsent, Confidence::Certain)),
        (Search::Left, (CauseCode::ModuleAbsent, Confidence::Certain)),
    ] {
        let cause = of_attach("kprobe/f", "f", search, Errno::ENOENT);
        assert_eq!((cause.code, cause.confidence), expected, "{search:?}: {}", cause.says);
    }
}

#[test]
fn what_the_guest_lacked_is_named_with_its_reason() {
    let refused = of_attach("kprobe/f", "f", Search::Refused, Errno::ENOENT);
    assert!(refused.says.contains("Module `m` has") && refused.says.contains("EINVAL"), "{}", refused.says);
    let left = of_attach("tp/a/f", "__tracepoint_f", Search::Left, Errno::ENOENT);
    assert!(left.says.contains("it needs module n"), "{}", left.says);
}

#[test]
fn a_module_that_is_loaded_is_not_missing() {
    let target = "libbpf: prog 'p': failed to find kernel BTF type ID of 'f': -ESRCH\n";
    let untyped = of_load("fentry/f", "f", Search::Loaded { btf: false }, target);
    assert_eq!((untyped.code, untyped.confidence), (CauseCode::ModuleWithoutBtf, Confidence::Certain));
    assert!(untyped.says.contains("of module `m`"), "{}", untyped.says);
    let typed = of_load("fentry/f", "f", Search::Loaded { btf: true }, target);
    assert_eq!((typed.code, typed.confidence), (CauseCode::SymbolMissing, Confidence::Likely));
    let refused = of_attach("kprobe/f", "f", Search::Loaded { btf: true }, Errno::ENOENT);
    assert_eq!(refused.code, CauseCode::AttachUnsupported);
    let ambiguous = of_attach("kprobe/f", "f", Search::Loaded { btf: true }, EADDRNOTAVAIL);
    assert_eq!(ambiguous.code, CauseCode::Infrastructure);
}
