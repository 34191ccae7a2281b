//! Objects under a contract, on real kernels, through the real system.

use anyhow::Context as _;
use insight::manifest::parse;
use proto::wire;
use tests::compile::compiled;
use tests::system::{System, repository};

/// A kernel without what some of the object needs, and one with all of it.
const KERNELS: &str = "5.10,6.12";

async fn asked(system: &System, source: &str, manifest: &str) -> anyhow::Result<wire::GetRunResponse> {
    let manifest = parse("m.yaml", manifest)?;
    let level = if manifest.contract.checks.is_empty() { wire::Level::Attach } else { wire::Level::Behave };
    let (manifest, level) = (serde_json::to_vec(&manifest)?, level.into());
    let object = compiled(&format!("contract/objects/{source}.bpf.c"), "PLAIN")?;
    let kernels = KERNELS.to_owned();
    let request = wire::SubmitRunRequest { kernels, level, fresh: true, manifest, ..Default::default() };
    system.submit(vec![object], request).await
}

/// The verdict on the kernel of that series.
fn on<'r>(run: &'r wire::GetRunResponse, series: &str) -> anyhow::Result<&'r wire::CellVerdict> {
    let kernel = run.kernels.iter().find(|kernel| kernel.series == series).context("its kernel")?;
    let cell = run.cells.iter().find(|cell| cell.kernel_id == kernel.id).context("its cell")?;
    cell.verdict.as_ref().context("a verdict")
}

fn program<'v>(verdict: &'v wire::CellVerdict, name: &str) -> &'v wire::ProgramVerdict {
    let program = verdict.programs.iter().find(|program| program.name == name);
    program.unwrap_or_else(|| panic!("{name} is in the object"))
}

fn attaches(verdict: &wire::CellVerdict, name: &str, hook: &str) {
    let program = program(verdict, name);
    assert_eq!((program.verdict(), program.hook.as_str()), (wire::Verdict::Passes, hook), "{program:?}");
}

/// V4: what was left out by choice is no failure.
fn left_out(verdict: &wire::CellVerdict, name: &str) {
    let program = program(verdict, name);
    assert_eq!((program.verdict(), program.required), (wire::Verdict::NotAttempted, false), "{program:?}");
    assert!(program.terms.starts_with("left out by choice"), "{program:?}");
}

/// Targets of every kind that are declared and not compiled in; and what does not decide.
fn targets(verdict: &wire::CellVerdict) -> anyhow::Result<()> {
    // The programs are accepted only with the variables as declared.
    for (name, hook) in [
        ("on_write", "vfs_write"),
        ("on_read", "vfs_read"),
        ("on_event", "syscalls:sys_enter_openat"),
        ("on_raw", "sys_enter"),
        ("on_typed", "sys_enter"),
        ("allow", "file_open"),
        ("on_call", "a function of the validator"),
        ("ingress", "/sys/fs/cgroup/bpfcompat"),
    ] {
        attaches(verdict, name, hook);
    }
    for (name, code, target) in [
        ("on_nothing", "not_exercised", "/init:no_such_function"),
        ("nowhere", "symbol_missing", "no_such_function"),
    ] {
        let optional = program(verdict, name);
        let cause = optional.cause.as_ref().context("a cause")?;
        assert_eq!((cause.code.as_str(), cause.subject.as_str()), (code, target), "{optional:?}");
        assert!(!optional.required && optional.terms == "declared as not required", "{optional:?}");
    }
    Ok(())
}

/// Every field of a manifest at work: without any one of them this object does not pass.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_works_once_its_loader_is_declared() -> anyhow::Result<()> {
    let declared = std::fs::read_to_string(repository().join("tests/tests/contract/declared.yaml"))?;
    let system = System::start().await?;
    let run = asked(&system, "declared", &declared).await?;
    let without = asked(&system, "declared", "version: 1\nprograms:\n  broken: {autoload: false}").await?;
    let half = asked(&system, "declared", &declared.replace("companions: [dispatched]", "")).await?;
    let missing = asked(&system, "declared", &declared.replace("fentry/vfs_read", "fentry/no_such")).await?;
    let unguarded = asked(&system, "declared", &declared.replace("mode: 7", "mode: 8")).await?;
    system.stop().await;

    for series in ["5.10", "6.12"] {
        let verdict = on(&run, series)?;
        assert_eq!(verdict.verdict(), wire::Verdict::Passes, "{verdict:?}");
        targets(verdict)?;
        // Inferred, as nobody declared it.
        attaches(verdict, "entry", "veth0");
        assert!(verdict.inferred[0].contains("`entry` stands in section `xdp_entry`"), "{verdict:?}");
        let balance = program(verdict, "balance");
        assert_eq!((balance.kind.as_str(), balance.reached.as_str()), ("xdp", "loaded"), "{balance:?}");
        let broken = program(verdict, "broken");
        assert_eq!((broken.required, broken.verdict()), (false, wire::Verdict::Fails), "{broken:?}");
        for map in ["`sized`: max_entries cpus", "`rings`: inner_map ringbuf", "`debug`: autocreate false"] {
            assert!(verdict.declared.iter().any(|said| said.starts_with(map)), "{map}: {verdict:?}");
        }
        assert_ne!(on(&without, series)?.verdict(), wire::Verdict::Passes);
        // A target is looked up before the load, and a kernel that lacks it has answered.
        let missing = on(&missing, series)?;
        let cause = missing.cause.as_ref().context("a cause")?;
        assert_eq!((cause.code.as_str(), cause.subject.as_str()), ("symbol_missing", "no_such"));
        assert_eq!(missing.verdict(), wire::Verdict::Fails);
        assert!(missing.declared.iter().any(|said| said.contains("was refused (ESRCH)")), "{missing:?}");
        attaches(missing, "on_write", "vfs_write");
        assert_eq!(program(on(&unguarded, series)?, "on_write").verdict(), wire::Verdict::Fails);
    }

    let (old, new) = (on(&run, "5.10")?, on(&run, "6.12")?);
    // A global in data that programs may change is what it was set to.
    assert_eq!(new.checks[0].verdict(), wire::Verdict::Passes, "{:?}", new.checks);
    for (verdict, kept, others) in [
        (old, ["walk_unrolled", "jump_plain", "state_old"], ["walk_loop", "jump_loop", "state_new"]),
        (new, ["walk_loop", "jump_loop", "state_new"], ["walk_unrolled", "jump_plain", "state_old"]),
        // A type may be named by a typedef, and a function is none.
        (old, ["named_type"; 3], ["named_function"; 3]),
        (new, ["named_type"; 3], ["named_function"; 3]),
    ] {
        kept.iter().for_each(|name| attaches(verdict, name, "vfs_read"));
        others.iter().for_each(|name| left_out(verdict, name));
        assert_eq!(verdict.chosen.len(), 4);
    }
    // V8: the trial load of `jump_loop` was under the contract (sizes, variables, companions): it holds
    // where the kernel has the helper. Without the companion its prog array cannot be filled.
    left_out(on(&half, "6.12")?, "jump_loop");

    let compare = program(old, "compare");
    assert_eq!((compare.verdict(), compare.required), (wire::Verdict::Fails, false), "{compare:?}");
    assert!(old.expectations[0].starts_with("`compare` fails as expected until 2099-12-31"), "{old:?}");
    attaches(new, "compare", "vfs_read");
    assert!(new.expectations.is_empty(), "it is not about this kernel");
    Ok(())
}
