//! The validator as a library: a loader that asks first, run in real kernels.

use super::{object, own_loader, script};
use anyhow::Context as _;
use domain::axis::Axes;
use domain::command::{CommandTerms, Ending};
use domain::kernel::Kernel;
use proto::wire;
use std::collections::BTreeMap;
use tests::corpus::Corpus;
use tests::system::{System, repository};

const KERNELS: &str = "5.10,6.1,6.12,newest";

/// What a loader meets: an object that passes, one that does where the kernel is new enough, one that would pin,
/// and refusals of every step, in the middle of an object too.
const OBJECTS: [&str; 7] = [
    "tracepoint_hash",
    "kfunc_task_acquire",
    "map_pinned_by_name",
    "null_unchecked",
    "helper_invalid",
    "map_lpm_trie_preallocated",
    "three_programs_one_bad",
];

/// Each answer begins with a line that names its question and ends with one that tells the status.
const SCRIPT: &str = "\
ask() { echo \"== $1\"; shift; \"$@\" 2>&1; echo \"-> $?\"; }
for object in object/*; do
    name=${object##*/}
    ask \"${name%.bpf.o}\" ./gate --dry-run $object
done
ask pins find /sys/fs/bpf
ask loads ./gate object/tracepoint_hash.bpf.o
ask chosen ./gate --program=good_first --program=good_last object/three_programs_one_bad.bpf.o
ask unknown ./gate --program=good_fist object/three_programs_one_bad.bpf.o
mkdir -p /etc
echo nobody:x:65534:65534::/:/bin/sh >/etc/passwd
ask nobody start-stop-daemon -S -c nobody -x ./gate -- --dry-run object/tracepoint_hash.bpf.o
ulimit -l 16
ask locked ./gate --dry-run object/tracepoint_hash.bpf.o";

/// What was answered to one question.
struct Answer {
    says: String,
    status: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loader_that_asks_first_is_told_what_a_guest_is_and_nothing_is_left() -> anyhow::Result<()> {
    let path = repository().join("target/x86_64-unknown-linux-gnu/guest/examples/gate");
    let gate = std::fs::read(&path).with_context(|| format!("{}: run `make build-debug`", path.display()))?;
    let mut files = vec![script(SCRIPT), ("gate".to_owned(), gate)];
    for name in OBJECTS {
        files.push(object(name)?);
    }
    let (system, corpus) = (System::start().await?, Corpus::read()?);
    let terms = CommandTerms {
        program: "run.sh".to_owned(),
        object: None,
        arguments: Vec::new(),
        timeout_ms: 120_000,
        expect: Ending::Exit(0),
    };
    // A loader raises its limit before it asks; shells do not.
    let axes = Axes::default().with("memlock", "unlimited")?;
    let files = vec![("run.sh".to_owned(), own_loader::archive(&files)?)];
    let run = own_loader::ask(&system, files, (KERNELS, &axes), terms).await?;
    system.stop().await;
    assert_eq!(run.cells.len(), 4);
    for cell in &run.cells {
        let kernel = run.kernels.iter().find(|kernel| kernel.id == cell.kernel_id).context("its kernel")?;
        let kernel = Kernel::try_from(kernel.clone())?;
        let verdict = cell.verdict.as_ref().context("a verdict")?;
        let command = verdict.command.as_ref().with_context(|| format!("a command: {verdict:?}"))?;
        assert_eq!(verdict.verdict(), wire::Verdict::Passes, "{command:?}");
        let stdout = &command.run.as_ref().and_then(|run| run.stdout.as_ref()).context("an output")?.text;
        let answers = answers(stdout).with_context(|| stdout.clone())?;
        for name in OBJECTS {
            let (told, status) = told(&answers[name]).with_context(|| answers[name].says.clone())?;
            let differences = corpus.differences(name, &kernel, &told)?;
            assert!(differences.is_empty(), "{name} on {}: {differences:?}", kernel.id);
            assert_eq!(answers[name].status, status, "{name} on {}", kernel.id);
        }
        assert!(answers["null_unchecked"].says.contains("R0 invalid mem access 'map_value_or_null'\n"));
        assert_eq!(answers["pins"].status, "0", "{}", answers["pins"].says);
        assert!(!answers["pins"].says.contains("shared"), "{}", answers["pins"].says);
        assert_eq!(answers["loads"].status, "0", "{}", answers["loads"].says);
        let chosen = &answers["chosen"];
        assert_eq!(chosen.status, "0", "{}", chosen.says);
        assert!(chosen.says.contains("bad_middle not_attempted not_exercised"), "{}", chosen.says);
        let unknown = &answers["unknown"];
        assert_eq!(unknown.status, "3", "{}", unknown.says);
        assert!(unknown.says.contains("did you mean `good_first`?"), "{}", unknown.says);
        let nobody = &answers["nobody"];
        assert_eq!(nobody.status, "2", "{}", nobody.says);
        assert!(nobody.says.contains("lacks CAP_BPF and CAP_PERFMON and CAP_NET_ADMIN"), "{}", nobody.says);
        // Kernels before 5.11 hold BPF to the limit.
        let locked = &answers["locked"];
        if kernel.release.starts_with("5.10") {
            assert_eq!(locked.status, "2", "{}", locked.says);
            assert!(locked.says.contains("RLIMIT_MEMLOCK, 16384 bytes"), "{}", locked.says);
        } else {
            assert_eq!(locked.status, "0", "{}", locked.says);
        }
        assert!(command.left.is_empty(), "{:?}", command.left);
    }
    Ok(())
}

fn answers(stdout: &str) -> Option<BTreeMap<&str, Answer>> {
    let each = stdout.split("== ").skip(1).map(|answer| {
        let (name, rest) = answer.split_once('\n')?;
        let (says, status) = rest.rsplit_once("-> ")?;
        Some((name, Answer { says: says.to_owned(), status: status.trim().to_owned() }))
    });
    each.collect()
}

/// The lines of an answer as the verdict that a guest would have, and the status that belongs to it.
fn told(answer: &Answer) -> Option<(wire::CellVerdict, &'static str)> {
    let mut told = wire::CellVerdict::default();
    for line in answer.says.lines() {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let Some(verdict) = words.get(1).and_then(|name| domain::verdict::Verdict::from_name(name)) else {
            continue;
        };
        let verdict = wire::Verdict::from(verdict).into();
        let cause = match words.as_slice() {
            [_, _, code, rest] => {
                let (subject, says) = rest.split_once(": ")?;
                let (code, subject, says) = ((*code).to_owned(), subject.to_owned(), says.to_owned());
                Some(wire::Cause { code, subject, says, ..Default::default() })
            }
            _ => None,
        };
        match words[0] {
            "object" => (told.verdict, told.cause) = (verdict, cause),
            name => {
                let name = name.to_owned();
                told.programs.push(wire::ProgramVerdict { name, verdict, cause, ..Default::default() });
            }
        }
    }
    let status = match told.verdict() {
        wire::Verdict::Passes => "0",
        wire::Verdict::Fails => "1",
        _ => "2",
    };
    Some((told, status))
}
