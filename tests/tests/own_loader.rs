//! Loaders of somebody's own, run in real kernels: a dynamic one with its libraries, a script, and those that
//! do not end well.

#[path = "own_loader/gate.rs"]
mod gate;

use anyhow::Context as _;
use domain::axis::Axes;
use domain::command::{CommandTerms, Ending};
use domain::contract::Manifest;
use proto::wire;
use std::path::Path;
use std::process::Command;
use tests::corpus;
use tests::own_loader::{self, Entry, archive, script};
use tests::system::System;

const KERNELS: &str = "5.10,newest";

/// bpftool of this host and every library it names, each where it stands here.
fn bpftool() -> anyhow::Result<Vec<Entry>> {
    let program = "/usr/sbin/bpftool";
    // Cargo leads the loader to libraries that it built for others.
    let listed = Command::new("ldd").env_remove("LD_LIBRARY_PATH").arg(program).output().context("ldd")?;
    let listed = String::from_utf8(listed.stdout)?;
    let libraries = listed.lines().filter_map(|line| {
        let path = line.split_whitespace().find(|word| word.starts_with('/'))?;
        Some(path.to_owned())
    });
    let entry = |path: String| -> anyhow::Result<Entry> {
        let bytes = std::fs::read(&path).with_context(|| path.clone())?;
        Ok((path.trim_start_matches('/').to_owned(), bytes))
    };
    std::iter::once(program.to_owned()).chain(libraries).map(entry).collect()
}

fn object(name: &str) -> anyhow::Result<Entry> {
    let (file, bytes) = corpus::object(name)?;
    Ok((format!("object/{file}"), bytes))
}

async fn asked(
    system: &System,
    entries: &[Entry],
    program: &str,
    arguments: &[&str],
    expect: Ending,
) -> anyhow::Result<Vec<wire::CellVerdict>> {
    asked_with(system, &Axes::default(), entries, (program, arguments, expect)).await
}

async fn asked_with(
    system: &System,
    axes: &Axes,
    entries: &[Entry],
    (program, arguments, expect): (&str, &[&str], Ending),
) -> anyhow::Result<Vec<wire::CellVerdict>> {
    let terms = CommandTerms {
        program: program.to_owned(),
        object: entries.iter().map(|(path, _)| path).find(|path| path.starts_with("object/")).cloned(),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        timeout_ms: 20_000,
        expect,
    };
    let name = Path::new(program).file_name().context("a name")?.to_string_lossy().into_owned();
    let run = own_loader::ask(system, vec![(name, archive(entries)?)], (KERNELS, axes), terms).await?;
    run.cells.into_iter().map(|cell| cell.verdict.context("a verdict")).collect()
}

fn names(found: &[wire::Found], what: &str) -> Vec<String> {
    found.iter().filter(|one| one.what == what).map(|one| one.name.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dynamic_loader_with_its_libraries_loads_and_what_it_pinned_is_told() -> anyhow::Result<()> {
    let system = System::start().await?;
    let mut files = bpftool()?;
    files.push(object("tracepoint_hash")?);
    let arguments = ["prog", "loadall", "/run/command/object/tracepoint_hash.bpf.o", "/sys/fs/bpf/own"];
    let loaded = asked(&system, &files, "usr/sbin/bpftool", &arguments, Ending::Exit(0)).await?;
    let mut files = bpftool()?;
    files.push(object("null_unchecked")?);
    let arguments = ["prog", "loadall", "/run/command/object/null_unchecked.bpf.o", "/sys/fs/bpf/own"];
    let refused = asked(&system, &files, "usr/sbin/bpftool", &arguments, Ending::Exit(0)).await?;
    let without = asked(&system, &bpftool()?[..1], "usr/sbin/bpftool", &["version"], Ending::Exit(0)).await?;
    system.stop().await;
    for verdict in loaded {
        let command = verdict.command.as_ref().context("a command")?;
        assert_eq!(verdict.verdict(), wire::Verdict::Passes, "{verdict:?}");
        // bpftool's libbpf also loads programs of its own, to try the kernel out.
        assert!(names(&command.loaded, "program").contains(&"count_openat".to_owned()), "{command:?}");
        assert_eq!(names(&command.left, "program"), ["count_openat"], "{command:?}");
        assert!(names(&command.left, "map").contains(&"opens".to_owned()), "{command:?}");
    }
    for verdict in refused {
        let cause = verdict.cause.as_ref().context("a cause")?;
        assert_eq!((verdict.verdict(), cause.code.as_str()), (wire::Verdict::Fails, "command_failed"));
        assert!(!cause.log_line.is_empty(), "{cause:?}");
        assert!(verdict.command.context("a command")?.left.is_empty());
    }
    // Defect V16 of the earlier tool: this was the kernel's failure.
    for verdict in without {
        assert_eq!(verdict.verdict(), wire::Verdict::NotAttempted, "{verdict:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_command_ends_is_the_verdict() -> anyhow::Result<()> {
    let system = System::start().await?;
    for (text, expect, verdict, says) in [
        (
            "test -n \"$BPFCOMPAT_KERNEL\" && test \"$BPFCOMPAT_OBJECT\" = /run/command/object/xdp_pass.bpf.o && cat \"$BPFCOMPAT_OBJECT\" >/dev/null",
            Ending::Exit(0),
            wire::Verdict::Passes,
            "",
        ),
        ("exit 7", Ending::Exit(7), wire::Verdict::Passes, ""),
        ("echo because >&2; exit 7", Ending::Exit(0), wire::Verdict::Fails, "exited with 7, not 0"),
        ("kill -11 $$", Ending::Exit(0), wire::Verdict::Fails, "signal 11"),
        ("(sleep 1000 &); sleep 1000", Ending::Running, wire::Verdict::Passes, ""),
        ("true", Ending::Running, wire::Verdict::Fails, "should have kept running"),
    ] {
        // The object that is named first is not the first by its name.
        let files = [script(text), object("xdp_pass")?, object("fentry_fexit")?];
        for answer in asked(&system, &files, "run.sh", &[], expect).await? {
            assert_eq!(answer.verdict(), verdict, "{text}: {answer:?}");
            let told = answer.cause.map(|cause| cause.says).unwrap_or_default();
            assert!(told.contains(says), "{text}: {told}");
        }
    }
    system.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_command_is_refused_before_any_guest() -> anyhow::Result<()> {
    let system = System::start().await?;
    let readme = ("readme".to_owned(), b"hello".to_vec());
    for (files, program) in [(vec![readme.clone()], "readme"), (vec![script("true")], "absent")] {
        let error = asked(&system, &files, program, &[], Ending::Exit(0)).await.expect_err(program);
        assert!(format!("{error:#}").contains(program), "{error:#}");
    }
    // Objects are not commands, and archives no objects.
    let object = corpus::object("xdp_pass")?;
    let mut manifest = Manifest::default();
    manifest.contract.command = Some(CommandTerms {
        program: "x".to_owned(),
        object: None,
        arguments: vec![],
        timeout_ms: 1,
        expect: Ending::Running,
    });
    let request = wire::SubmitRunRequest {
        kernels: "newest".to_owned(),
        manifest: serde_json::to_vec(&manifest)?,
        level: wire::Level::Behave.into(),
        ..Default::default()
    };
    let error = system.submit(vec![object], request).await.expect_err("an object is no archive");
    assert!(format!("{error:#}").contains("not a tar archive"), "{error:#}");
    system.stop().await;
    Ok(())
}

/// Bits 38 and 39 are perfmon and bpf; limits are told in units of 1024 bytes.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_may_do_what_its_environment_lets_it() -> anyhow::Result<()> {
    let system = System::start().await?;
    let axes = Axes::default().with("capabilities", "bpf+perfmon")?.with("memlock", "64K")?;
    let looks = "grep -q 'CapEff:.*000000c000000000' /proc/self/status && test \"$(ulimit -H -l)\" = 64";
    let bound = asked_with(&system, &axes, &[script(looks)], ("run.sh", &[], Ending::Exit(0))).await?;
    let usual = asked(&system, &[script(looks)], "run.sh", &[], Ending::Exit(1)).await?;
    // Kernels from 6.9 have tokens. In its namespace root may list nothing of the kernel, and that is told.
    let token = Axes::default().with("capabilities", "token")?;
    let looks = "test \"$(cat /proc/self/uid_map | tr -s ' ')\" = ' 0 0 4294967295' && ip link show veth0";
    let contained = asked_with(&system, &token, &[script(looks)], ("run.sh", &[], Ending::Exit(0))).await?;
    system.stop().await;
    for verdict in bound.iter().chain(&usual).chain(&contained[1..]) {
        assert_eq!(verdict.verdict(), wire::Verdict::Passes, "{verdict:?}");
    }
    assert_eq!(contained[0].cause.as_ref().context("a cause")?.code, "environment_unavailable");
    let unlisted =
        |verdict: &wire::CellVerdict| verdict.command.as_ref().is_some_and(|command| command.unlisted);
    assert!(unlisted(&contained[1]) && !bound.iter().any(unlisted), "{contained:?}");
    Ok(())
}
