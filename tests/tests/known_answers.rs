//! Every object of the known-answer corpus on four kernels, through the real system.

use anyhow::Context as _;
use domain::kernel::Kernel;
use domain::verdict::STACK_BYTES_MAX;
use proto::wire;
use tests::corpus::{self, Corpus};
use tests::kinds;
use tests::system::{System, repository};

/// One kernel of every generation the corpus distinguishes.
const KERNELS: &str = "5.10,6.1,6.12,newest";

/// Kernels that do not charge to anybody what their verifier takes.
const UNCHARGED: [&str; 3] = ["5.10.", "6.1.", "6.12."];

/// Failures, each of one object on one kernel, whose causes are known; fewer prove little about causes.
const LABELLED_FAILURES_MIN: usize = 300;

#[tokio::test(flavor = "multi_thread")]
async fn every_object_gets_the_verdict_it_is_known_for() -> anyhow::Result<()> {
    let corpus = Corpus::read()?;
    let objects = corpus.objects()?;
    let count = objects.len();
    let promises = std::fs::read_to_string(repository().join("docs/SPECIFICATION.md"))?;
    assert!(promises.contains(&format!("| {count} objects with known answers ")), "{count} is not promised");
    let system = System::start().await?;
    let run = system.ask(objects, KERNELS, wire::Level::Attach).await?;
    assert!(run.kernels.len() >= 4, "only {} kernels answered", run.kernels.len());
    assert_eq!(run.cells.len(), count * run.kernels.len());
    let is_failure =
        |cell: &&wire::Cell| cell.verdict.as_ref().map(|one| one.verdict()) == Some(wire::Verdict::Fails);
    let failures = run.cells.iter().filter(is_failure).count();
    assert!(failures >= LABELLED_FAILURES_MIN, "only {failures} failures have a label with their cause");

    let mut wrong = Vec::new();
    for cell in &run.cells {
        let object = run.objects.iter().find(|object| object.digest == cell.object).context("its object")?;
        let kernel = run.kernels.iter().find(|kernel| kernel.id == cell.kernel_id).context("its kernel")?;
        let name = object.name.strip_suffix(".bpf.o").unwrap_or(&object.name);
        let answer =
            cell.verdict.as_ref().with_context(|| format!("{name} on {} has no verdict", kernel.id))?;
        let differences = corpus.differences(name, &Kernel::try_from(kernel.clone())?, answer)?;
        wrong.extend(
            differences.into_iter().map(|difference| format!("{name} on {}: {difference}", kernel.release)),
        );
        let guest = answer.guest.as_ref().with_context(|| format!("{name} on {} had no guest", kernel.id))?;
        // Every object of the corpus has line information.
        let placed = |program: &&wire::ProgramVerdict| {
            let location = program.cause.as_ref().and_then(|cause| cause.location.as_ref());
            location.is_some_and(|place| {
                place.instruction.is_some() && (place.file.is_none() || place.line.is_none())
            })
        };
        let nowhere = answer.programs.iter().filter(placed);
        wrong.extend(
            nowhere.map(|one| format!("{name} on {}: `{}` has no source line", kernel.release, one.name)),
        );
        wrong.extend(answer.programs.iter().filter_map(|program| {
            let differs = uncounted(program, &kernel.release)?;
            Some(format!("{name} on {}: `{}` {differs}", kernel.release, program.name))
        }));
        assert!(guest.nonce_ok, "{name} on {}: an answer without its nonce", kernel.id);
        assert!(!answer.evidence.is_empty(), "{name} on {}: a verdict without evidence", kernel.id);
    }
    system.stop().await;
    let (path, fresh) = (repository().join("docs/KINDS.md"), kinds::document(&run));
    if std::env::var_os("BPFCOMPAT_WRITE_KINDS").is_some() {
        std::fs::write(&path, &fresh)?;
    }
    wrong.extend(kinds::differences(&std::fs::read_to_string(&path)?, &fresh));
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

/// What is wrong with the counts of a program that was loaded; nothing with those of one that was not.
fn uncounted(program: &wire::ProgramVerdict, release: &str) -> Option<&'static str> {
    let stats = program.stats.as_ref()?;
    let Some(counts) = &program.verification else { return Some("was loaded and not counted") };
    let told_twice = [0, counts.processed].contains(&stats.verified_instructions);
    let within = counts.processed > 0 && counts.processed < counts.processed_max;
    let stacks = counts.stack_bytes.iter().chain(&counts.deepest_stack_bytes);
    let shallow = !counts.stack_bytes.is_empty() && stacks.max() <= Some(&STACK_BYTES_MAX);
    // From 6.17 on the most states at once include those kept for the edges back in loops (`num_backedges`
    // of `kernel/bpf/verifier.c`), and all states do not.
    let states = counts.total_states.is_some() && counts.peak_states.is_some();
    let all =
        counts.took_us.is_some() && counts.states_per_instruction.is_some() && counts.mark_read.is_some();
    let charged =
        counts.memory_peak_bytes.is_none() == UNCHARGED.iter().any(|series| release.starts_with(series));
    (!(told_twice && within && shallow && states && all && charged)).then_some("has counts that cannot be")
}

/// Counts are the verifier's own, so that they do not depend on the machine.
#[tokio::test(flavor = "multi_thread")]
async fn every_program_is_counted_alike_whenever_it_is_asked_about() -> anyhow::Result<()> {
    let objects = ["core_read", "xdp_two_programs", "null_unchecked"].map(corpus::object);
    let objects = objects.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let system = System::start().await?;
    let mut asked = Vec::new();
    for _ in 0..2 {
        let run = system.ask(objects.clone(), KERNELS, wire::Level::Load).await?;
        let verdicts = run.cells.iter().filter_map(|cell| cell.verdict.as_ref());
        for verdict in verdicts.filter(|verdict| verdict.verdict() == wire::Verdict::Passes) {
            // Defect V9 of the earlier tool: it opened and loaded each object again and again.
            assert_eq!(system.evidence(&verdict.evidence).await?.loads.len(), 1, "{verdict:?}");
        }
        let counted = run.cells.into_iter().flat_map(|cell| {
            let programs = cell.verdict.into_iter().flat_map(|verdict| verdict.programs);
            programs.map(move |program| {
                // Memory is charged in steps, of which the first may have been begun before.
                let counts = program.verification.map(|counts| wire::Verification {
                    took_us: None,
                    memory_peak_bytes: None,
                    ..counts
                });
                (cell.kernel_id.clone(), program.name, counts)
            })
        });
        let mut counted: Vec<_> = counted.collect();
        counted.sort_by_key(|(kernel, program, _)| (kernel.clone(), program.clone()));
        asked.push(counted);
    }
    system.stop().await;
    assert_eq!(asked[0].len(), 4 * 4, "four programs on four kernels");
    assert!(asked[0].iter().all(|(_, _, counts)| counts.is_some()), "{:?}", asked[0]);
    assert_eq!(asked[0], asked[1]);
    Ok(())
}
