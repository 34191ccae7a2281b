//! Checks that run while programs are attached, on real kernels, through the real system.

use anyhow::Context as _;
use insight::manifest::parse;
use proto::wire;
use tests::compile::compiled;
use tests::corpus;
use tests::system::System;

/// The oldest and the newest way to attach.
const KERNELS: &str = "5.10,newest";

/// Programs of every kind have something to see, and what they saw is found by every kind of expectation.
const COUNTED: &str = "\
checks:
  - name: an open is seen
    command: cat /proc/uptime
    expect:
      globals: {opens: 1..}
      events:
        - {map: events, containing: opened}
        - {map: events, count: 0, containing: never}
      trace: saw an open
  - name: packets of the peer arrive
    command: peer ping -c 2 -W 5 198.18.0.1
    expect:
      stdout: 2 packets received
      maps:
        - {map: packets, key: 1, value: 2..}
        - {map: packets, key: 0, value: 0}
        - {map: packets, entries: 2}
  - name: what the command sends is its group's
    command: ping -c 1 127.0.0.1
    expect:
      maps: [{map: senders, key: {hex: 07 00 00 00}, value: 1}, {map: senders, entries: 1}]
";

/// Each of these disappoints, and none of them decides.
const DISAPPOINTED: &str = "\
checks:
  - {name: status, required: false, command: echo oops >&2; exit 3}
  - {name: never ends, required: false, timeout: 2s, command: (sleep 1000 &); sleep 1000}
  - {name: not there, required: false, command: no-such-tool}
  - {name: signal, required: false, command: kill -9 $$}
  - {name: too many, required: false, command: 'true', expect: {globals: {opens: ..0}}}
  - {name: silent, required: false, command: echo a, expect: {stdout: b}}
  - {name: other end, required: false, command: echo a, expect: {stderr: a}}
  - {name: untraced, required: false, command: 'true', expect: {trace: never said}}
  - {name: no event, required: false, command: 'true', expect: {events: [{map: events, count: 1.., containing: never}]}}
  - {name: short key, required: false, command: 'true', expect: {maps: [{map: senders, key: {hex: 07}, value: 1}]}}
  - {name: floods, required: false, timeout: 2s, command: cat /dev/zero}
  - {name: escapes, command: mkdir /sys/fs/cgroup/t; (echo 0 > /sys/fs/cgroup/t/cgroup.procs; exec sleep 1000) &}
  - {name: complains, command: echo a >&2, expect: {stderr: a}}
  - {name: far back, command: echo needle; seq 1 40000, expect: {stdout: needle}}
  - {name: left behind, command: (sleep 1000 &) ; echo started, expect: {stdout: started}}
  - {name: nothing is left, command: '! pidof sleep'}
";

async fn asked(
    system: &System,
    object: (String, Vec<u8>),
    checks: &str,
) -> anyhow::Result<Vec<wire::CellVerdict>> {
    let manifest = serde_json::to_vec(&parse("m.yaml", &format!("version: 1\n{checks}"))?)?;
    let request = wire::SubmitRunRequest {
        kernels: KERNELS.to_owned(),
        fresh: true,
        manifest,
        level: wire::Level::Behave.into(),
        ..Default::default()
    };
    let run = system.submit(vec![object], request).await?;
    run.cells.into_iter().map(|cell| cell.verdict.context("a verdict")).collect()
}

fn counted() -> anyhow::Result<(String, Vec<u8>)> {
    compiled("behaviour/objects/counted.bpf.c", "PLAIN")
}

fn check<'v>(verdict: &'v wire::CellVerdict, name: &str) -> &'v wire::CheckVerdict {
    verdict.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("{name}: {verdict:?}"))
}

/// Defects H5 and V3 of the earlier tool: objects with xdp or cgroup programs could not be checked at all.
#[tokio::test(flavor = "multi_thread")]
async fn what_programs_do_is_seen_in_every_way() -> anyhow::Result<()> {
    let system = System::start().await?;
    let verdicts = asked(&system, counted()?, COUNTED).await?;
    let doubled = COUNTED.replace("value: 2..}", "value: 1000..}");
    let missed = asked(&system, counted()?, &doubled).await?;
    system.stop().await;
    assert!(verdicts.len() >= 2);
    for verdict in verdicts {
        assert_eq!(verdict.verdict(), wire::Verdict::Passes, "{verdict:?}");
        assert_eq!(verdict.checks.len(), 3);
    }
    for verdict in missed {
        let cause = verdict.cause.as_ref().context("a cause")?;
        assert_eq!((verdict.verdict(), cause.code.as_str()), (wire::Verdict::Fails, "check_failed"));
        assert_eq!(cause.subject, "packets of the peer arrive");
        assert!(cause.says.contains("map `packets`"), "{}", cause.says);
    }
    Ok(())
}

/// Defects H4 and V5 (a background child stretched the limit), H7 and V6 (only the end of the output was
/// searched), V16 (a command that is not there was the kernel's failure) of the earlier tool.
#[tokio::test(flavor = "multi_thread")]
async fn every_disappointment_has_its_name() -> anyhow::Result<()> {
    let system = System::start().await?;
    let verdicts = asked(&system, counted()?, DISAPPOINTED).await?;
    system.stop().await;
    for verdict in verdicts {
        // Optional checks do not decide, and what the others started does not outlive them.
        assert_eq!(verdict.verdict(), wire::Verdict::Passes, "{verdict:?}");
        for (name, expected, says) in [
            ("status", wire::Verdict::Fails, "exited with 3, not 0"),
            ("never ends", wire::Verdict::Fails, "did not end within 2000 ms"),
            ("not there", wire::Verdict::NotAttempted, "could not run it"),
            ("signal", wire::Verdict::Fails, "signal 9"),
            ("too many", wire::Verdict::Fails, "variable `opens`"),
            ("silent", wire::Verdict::Fails, "the output lacks `b`"),
            ("other end", wire::Verdict::Fails, "the error output lacks `a`"),
            ("untraced", wire::Verdict::Fails, "the kernel's trace lacks"),
            ("no event", wire::Verdict::Fails, "events from map `events` is 0"),
            ("short key", wire::Verdict::NotAttempted, "have 4 bytes, not 1"),
            ("floods", wire::Verdict::Fails, "did not end within 2000 ms"),
        ] {
            let check = check(&verdict, name);
            let cause = check.cause.as_ref().context("a cause")?;
            assert_eq!(check.verdict(), expected, "{check:?}");
            assert!(cause.says.contains(says), "{name}: {}", cause.says);
        }
        let far = check(&verdict, "far back").command.as_ref().context("a command")?;
        let kept = far.stdout.as_ref().context("its output")?;
        assert!(kept.bytes > 200_000 && kept.text.len() < 100_000, "{} of {}", kept.text.len(), kept.bytes);
    }
    Ok(())
}

/// Defect H8 of the earlier tool: a failed check hid why its programs were not attached.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_not_attached_is_the_cause_and_not_what_it_could_not_do() -> anyhow::Result<()> {
    let system = System::start().await?;
    let checks = "checks: [{name: nothing, command: 'false'}]";
    let verdicts = asked(&system, corpus::object("kprobe_missing_symbol")?, checks).await?;
    let refused = asked(&system, corpus::object("null_unchecked")?, checks).await?;
    system.stop().await;
    for verdict in verdicts {
        assert_eq!(verdict.cause.as_ref().context("a cause")?.code, "symbol_missing");
        assert_eq!(check(&verdict, "nothing").verdict(), wire::Verdict::Fails);
    }
    for verdict in refused {
        assert_eq!(verdict.cause.as_ref().context("a cause")?.code, "verifier_null");
        let check = check(&verdict, "nothing");
        assert_eq!(check.verdict(), wire::Verdict::NotAttempted, "{check:?}");
    }
    Ok(())
}

/// What an object may do without keeps no check from running.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_may_fail_is_left_out_where_the_kernel_refuses_it() -> anyhow::Result<()> {
    let system = System::start().await?;
    let with_refused = || compiled("behaviour/objects/counted.bpf.c", "WITH_REFUSED");
    let optional = format!("programs: {{refused: {{required: false}}}}\n{COUNTED}");
    let optional = asked(&system, with_refused()?, &optional).await?;
    let expected = format!(
        "expected_failures: [{{program: refused, kernels: all, reason: a bug, until: 2099-12-31}}]\n{COUNTED}"
    );
    let expected = asked(&system, with_refused()?, &expected).await?;
    let required = asked(&system, with_refused()?, COUNTED).await?;
    system.stop().await;
    for verdict in optional.iter().chain(&expected) {
        let refused =
            verdict.programs.iter().find(|program| program.name == "refused").context("a program")?;
        assert_eq!(refused.verdict(), wire::Verdict::Fails, "{refused:?}");
        assert_eq!(verdict.checks.len(), 3);
        for check in &verdict.checks {
            assert_eq!(check.verdict(), wire::Verdict::Passes, "{check:?}");
        }
    }
    for verdict in required {
        let cause = check(&verdict, "an open is seen").cause.as_ref().context("a cause")?;
        assert_eq!(cause.code, "blocked", "{cause:?}");
    }
    Ok(())
}

/// A hook that takes one program has one at work: which one is declared, or nothing is said.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_nothing_while_a_program_is_not_at_work() -> anyhow::Result<()> {
    let system = System::start().await?;
    let checks = "checks: [{name: nothing, command: 'true'}]";
    let chosen = format!("programs: {{pass_second: {{level: load}}}}\n{checks}");
    let both = asked(&system, corpus::object("xdp_two_programs")?, checks).await?;
    let one = asked(&system, corpus::object("xdp_two_programs")?, &chosen).await?;
    let shared = asked(&system, corpus::object("tc_ingress_egress")?, checks).await?;
    system.stop().await;
    for verdict in both {
        let cause = check(&verdict, "nothing").cause.as_ref().context("a cause")?;
        assert_eq!(verdict.verdict(), wire::Verdict::NotAttempted, "{verdict:?}");
        assert!(cause.says.contains("cannot be attached beside the other programs"), "{}", cause.says);
    }
    for verdict in one.iter().chain(&shared) {
        assert_eq!(verdict.verdict(), wire::Verdict::Passes, "{verdict:?}");
    }
    Ok(())
}

/// Defect V7 of the earlier tool: programs past the 64th were let go before the checks ran.
#[tokio::test(flavor = "multi_thread")]
async fn every_program_of_a_large_object_is_at_work() -> anyhow::Result<()> {
    let system = System::start().await?;
    let object = corpus::object("scale_eighty_programs")?;
    let verdicts = asked(&system, object, "checks: [{name: lives, command: 'true'}]").await?;
    for verdict in &verdicts {
        assert_eq!(verdict.verdict(), wire::Verdict::Passes, "{verdict:?}");
        let evidence = system.evidence(&verdict.evidence).await?;
        assert_eq!(evidence.behaviour.context("its behaviour")?.live.len(), 80);
    }
    system.stop().await;
    Ok(())
}
