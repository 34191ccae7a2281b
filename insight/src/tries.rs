//! From the tries of a cell to its verdict.
//!
//! In: what the last try's evidence means, in how large a guest, and how earlier tries ended. Out:
//! the cell's verdict, or another try.
//!
//! ```text
//! a kernel said yes or no ───────────────────► settled
//! too little memory ──► once more in a large guest ──► settled as inconclusive
//! kernel trouble ─────► in another guest ─ again ─► settled as a failure
//!                                        └ not ──► what that guest says; the trouble is told with it
//! a module not at hand ──────────────────────► settled as inconclusive
//! infrastructure ─────► in another guest, up to the last try ──► settled as inconclusive
//! ```
//!
//! Every try but the first is a guest that was booted for it, so that a damaged template neither
//! hides an answer nor makes one up.
//!
//! Deliberately absent: failures that cost no try, which are the controller's to count.

use crate::judge::trouble;
use domain::cause::{Cause, CauseCode};
use domain::cell::{ATTEMPTS_MAX, Ended, LARGE_GUEST_BYTES};
use domain::verdict::{CellVerdict, Verdict};

/// How a cell goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It has its verdict.
    Settle(Box<CellVerdict>),
    /// Another guest may tell.
    Again {
        /// How this try ended.
        ended: Box<Ended>,
        /// Memory of the next guest, in bytes; 0 for what guests have.
        memory_bytes: u64,
    },
}

/// How a cell goes on whose last try, in a guest of `memory_bytes` (0 for what guests have), gave
/// `answer`.
pub fn next(answer: CellVerdict, memory_bytes: u64, earlier: &[Ended]) -> Next {
    let inconclusive = answer.cause.clone().filter(|_| answer.verdict == Verdict::Inconclusive);
    let Some(cause) = inconclusive else { return Next::Settle(Box::new(with_splats(answer, earlier))) };
    if earlier.iter().any(|ended| proves(&ended.cause, &cause)) {
        return Next::Settle(Box::new(proven(with_splats(answer, earlier), cause)));
    }
    let lacked_memory = cause.code == CauseCode::GuestMemory;
    let is_large = memory_bytes >= LARGE_GUEST_BYTES;
    let memory_bytes = if lacked_memory { LARGE_GUEST_BYTES } else { memory_bytes };
    let tries = earlier.len() + 1;
    let again = match cause.code {
        CauseCode::GuestMemory => !is_large,
        // Every guest of a kernel is given the same modules.
        CauseCode::ModuleAbsent => false,
        _ => tries < usize::from(ATTEMPTS_MAX),
    };
    if again {
        let ended = Box::new(Ended { cause, splats: answer.splats });
        return Next::Again { ended, memory_bytes };
    }
    Next::Settle(Box::new(given_up(answer, earlier)))
}

/// What a cell means whose tries are all over: what the evidence of each says by today's rules, oldest first,
/// with the memory of its guest in bytes; and how tries ended that left no evidence, whose place among the
/// others changes nothing. Yields the index of the try that settles it, and the verdict; none where there is no
/// evidence. A cell that today's rules would try once more is given up, as nobody asks again.
pub fn again(answers: Vec<(CellVerdict, u64)>, mut earlier: Vec<Ended>) -> Option<(usize, CellVerdict)> {
    let mut last = None;
    for (at, (answer, memory_bytes)) in answers.into_iter().enumerate() {
        match next(answer.clone(), memory_bytes, &earlier) {
            Next::Settle(verdict) => return Some((at, *verdict)),
            Next::Again { ended, .. } => {
                last = Some((at, given_up(answer, &earlier)));
                earlier.push(*ended);
            }
        }
    }
    last
}

/// The verdict of a cell that is not tried again after `answer`: that of its last try, for the
/// reason that says most.
pub fn given_up(answer: CellVerdict, earlier: &[Ended]) -> CellVerdict {
    let mut answer = with_splats(answer, earlier);
    let says_much = |cause: &Cause| cause.code == CauseCode::GuestMemory || is_trouble(cause);
    if answer.cause.as_ref().is_some_and(says_much) {
        return answer;
    }
    if let Some(ended) = earlier.iter().find(|ended| says_much(&ended.cause)) {
        let mut cause = ended.cause.clone();
        cause.says.push_str(" No later guest answered.");
        answer.cause = Some(cause);
    }
    answer
}

/// Whether trouble that was seen before is what is seen now. A kernel that breaks down does not
/// do so at the same place each time; one that only complains does.
fn proves(before: &Cause, now: &Cause) -> bool {
    let same_place = now.code != CauseCode::KernelSplat || now.subject == before.subject;
    is_trouble(now) && now.code == before.code && same_place
}

/// Whether a kernel that is in order does not do this by itself, twice.
fn is_trouble(cause: &Cause) -> bool {
    match cause.code {
        CauseCode::KernelPanic | CauseCode::KernelHang => true,
        CauseCode::KernelSplat => !trouble::is_stall(&cause.subject),
        _ => false,
    }
}

fn proven(answer: CellVerdict, mut cause: Cause) -> CellVerdict {
    cause.says.push_str(" It happened in two guests.");
    CellVerdict { verdict: Verdict::Fails, cause: Some(cause), ..answer }
}

/// The answer with the trouble of earlier guests before its own.
fn with_splats(mut answer: CellVerdict, earlier: &[Ended]) -> CellVerdict {
    let before = earlier.iter().flat_map(|ended| ended.splats.iter().cloned());
    answer.splats = before.chain(answer.splats).collect();
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::cause::{Confidence, Stage};
    use domain::evidence::Splat;

    fn answer(code: CauseCode, subject: &str) -> CellVerdict {
        let cause = Cause {
            code,
            stage: Stage::Guest,
            subject: subject.to_owned(),
            errno: None,
            confidence: Confidence::Certain,
            says: format!("{code}."),
            log_line: String::new(),
            location: None,
            why: String::new(),
            path: Vec::new(),
            since: None,
            remedy: None,
        };
        let splats = match is_trouble(&cause) {
            true => vec![Splat { kind: subject.to_owned(), excerpt: format!("{code}: {subject}") }],
            false => Vec::new(),
        };
        CellVerdict { cause: Some(cause), splats, ..passing() }
    }

    fn passing() -> CellVerdict {
        CellVerdict::without_parts(Verdict::Passes, None)
    }

    /// Plays tries that all end without a conclusion but the last, and yields the verdict, its cause
    /// and what it says; and the memory of the guest of each try.
    fn play(tries: &[(CauseCode, &str)], last: Option<CellVerdict>) -> (CellVerdict, Vec<u64>) {
        let tries = tries
            .iter()
            .map(|(code, subject)| CellVerdict { verdict: Verdict::Inconclusive, ..answer(*code, subject) });
        let (mut memory_bytes, mut earlier, mut guests) = (0, Vec::new(), Vec::new());
        let all: Vec<_> = tries.chain(last).collect();
        let count = all.len();
        for answer in all {
            guests.push(memory_bytes);
            match next(answer, memory_bytes, &earlier) {
                Next::Again { ended, memory_bytes: larger } => {
                    earlier.push(*ended);
                    memory_bytes = larger;
                }
                Next::Settle(verdict) => {
                    assert_eq!(guests.len(), count, "it was settled before its last try");
                    return (*verdict, guests);
                }
            }
        }
        panic!("it was never settled");
    }

    fn told(verdict: &CellVerdict) -> (Verdict, &str) {
        (verdict.verdict, verdict.cause.as_ref().map_or("", |cause| cause.code.name()))
    }

    const PANIC: (CauseCode, &str) = (CauseCode::KernelPanic, "panic");
    const OOPS_PANIC: (CauseCode, &str) = (CauseCode::KernelPanic, "bug");
    const HANG: (CauseCode, &str) = (CauseCode::KernelHang, "soft_lockup");
    const WARNING: (CauseCode, &str) = (CauseCode::KernelSplat, "warning");
    const KASAN: (CauseCode, &str) = (CauseCode::KernelSplat, "kasan");
    const STALL: (CauseCode, &str) = (CauseCode::KernelSplat, "rcu_stall");
    const MEMORY: (CauseCode, &str) = (CauseCode::GuestMemory, "m");
    const DEATH: (CauseCode, &str) = (CauseCode::GuestDied, "");
    const LATE: (CauseCode, &str) = (CauseCode::Deadline, "");

    #[test]
    fn kernel_trouble_is_a_failure_once_two_guests_showed_it() {
        use Verdict::{Fails, Inconclusive};
        for (tries, expected) in [
            (&[PANIC, PANIC][..], (Fails, "kernel_panic")),
            (&[PANIC, OOPS_PANIC], (Fails, "kernel_panic")),
            (&[HANG, HANG], (Fails, "kernel_hang")),
            (&[WARNING, WARNING], (Fails, "kernel_splat")),
            (&[HANG, LATE, HANG], (Fails, "kernel_hang")),
            (&[DEATH, PANIC, PANIC], (Fails, "kernel_panic")),
            (&[WARNING, KASAN, STALL], (Inconclusive, "kernel_splat")),
            (&[PANIC, HANG, LATE], (Inconclusive, "kernel_panic")),
            (&[STALL, STALL, STALL], (Inconclusive, "kernel_splat")),
            (&[LATE, LATE, LATE], (Inconclusive, "deadline")),
            (&[DEATH, LATE, DEATH], (Inconclusive, "guest_died")),
        ] {
            let (verdict, _) = play(tries, None);
            assert_eq!(told(&verdict), expected, "{tries:?}");
            let troubles =
                tries.iter().filter(|(code, kind)| is_trouble(answer(*code, kind).cause.as_ref().unwrap()));
            assert_eq!(verdict.splats.len(), troubles.count(), "every excerpt is kept: {tries:?}");
        }
        let (verdict, _) = play(&[HANG, HANG], None);
        assert_eq!(verdict.cause.unwrap().says, "kernel_hang. It happened in two guests.");
    }

    #[test]
    fn trouble_that_the_next_guest_does_not_show_is_told_and_decides_nothing() {
        for once in [PANIC, HANG, WARNING] {
            let (verdict, _) = play(&[once], Some(passing()));
            assert_eq!(told(&verdict), (Verdict::Passes, ""));
            assert_eq!(verdict.splats[0].kind, once.1);
            let refused = CellVerdict { verdict: Verdict::Fails, ..answer(CauseCode::VerifierInvalid, "p") };
            let (verdict, _) = play(&[once], Some(refused));
            assert_eq!(told(&verdict), (Verdict::Fails, "verifier_invalid"));
        }
    }

    #[test]
    fn tries_that_are_over_mean_what_they_did_or_are_given_up() {
        let unknown = |(code, subject): (CauseCode, &str)| CellVerdict {
            verdict: Verdict::Inconclusive,
            ..answer(code, subject)
        };
        let told_again = |answers: Vec<CellVerdict>, lost: usize| {
            let infrastructure = answer(CauseCode::Infrastructure, "").cause.unwrap();
            let lost = vec![Ended { cause: infrastructure, splats: Vec::new() }; lost];
            let answers = answers.into_iter().map(|answer| (answer, 1 << 30)).collect();
            again(answers, lost)
                .map(|(at, verdict)| (at, verdict.verdict, verdict.cause.map(|cause| cause.code)))
        };
        let (passes, panic) = (Verdict::Passes, Some(CauseCode::KernelPanic));
        assert_eq!(told_again(vec![passing()], 2), Some((0, passes, None)));
        assert_eq!(told_again(vec![unknown(PANIC), passing()], 0), Some((1, passes, None)));
        assert_eq!(told_again(vec![unknown(PANIC), unknown(PANIC)], 1), Some((1, Verdict::Fails, panic)));
        // What a rule of today knows better settles it at its first try.
        assert_eq!(told_again(vec![passing(), unknown(PANIC)], 0), Some((0, passes, None)));
        assert_eq!(told_again(vec![unknown(PANIC)], 0), Some((0, Verdict::Inconclusive, panic)));
        assert_eq!(told_again(vec![], 3), None);
    }

    #[test]
    fn another_guest_would_not_have_the_module_either() {
        let absent = (CauseCode::ModuleAbsent, "nf_conntrack_in");
        for tries in [&[absent][..], &[DEATH, absent]] {
            let (verdict, _) = play(tries, None);
            assert_eq!(told(&verdict), (Verdict::Inconclusive, "module_absent"), "{tries:?}");
        }
    }

    #[test]
    fn a_lack_of_memory_is_tried_once_in_a_large_guest_and_never_forgotten() {
        let (verdict, guests) = play(&[MEMORY], Some(passing()));
        assert_eq!((told(&verdict), guests), ((Verdict::Passes, ""), vec![0, LARGE_GUEST_BYTES]));
        let unknown = (Verdict::Inconclusive, "guest_memory");
        for tries in [
            &[MEMORY, MEMORY][..],
            &[MEMORY, DEATH, LATE],
            &[DEATH, MEMORY, LATE],
            &[DEATH, LATE, MEMORY, MEMORY],
            &[DEATH, LATE, MEMORY, DEATH],
        ] {
            let (verdict, guests) = play(tries, None);
            assert_eq!(told(&verdict), unknown, "{tries:?}");
            let lacked = tries.iter().position(|end| *end == MEMORY).unwrap();
            assert!(guests[..=lacked].iter().all(|bytes| *bytes == 0), "{tries:?}");
            assert!(guests[lacked + 1..].iter().all(|bytes| *bytes == LARGE_GUEST_BYTES), "{tries:?}");
        }
        let (verdict, _) = play(&[MEMORY, PANIC, PANIC], None);
        assert_eq!(told(&verdict), (Verdict::Fails, "kernel_panic"));
    }
}
