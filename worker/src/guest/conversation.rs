//! One conversation, from the start of a guest to its end.

use super::watchdog::Watchdog;
use crate::machine::Step;
use crate::machine::driver::Event;
use domain::evidence::End;
use insight::collect::Collector;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

/// Listens until the guest finished, went away, broke a rule or ran out of time. Yields how it
/// ended, or `None` if the guest went away without a word; and the bytes the console had when
/// the guest took its job.
pub(crate) async fn listen(
    events: &mut mpsc::Receiver<Event>,
    collector: &mut Collector,
    watchdog: &mut Watchdog,
    steps: &watch::Sender<Step>,
) -> (Option<End>, u64) {
    let mut console_bytes = 0;
    loop {
        let deadline = watchdog.deadline();
        let event = match timeout_at(deadline, events.recv()).await {
            Ok(None) => return (None, console_bytes),
            // A guest that never stops talking is never waited for, so the clock decides.
            Ok(Some(event)) if Instant::now() < deadline => event,
            Ok(Some(_)) | Err(_) => {
                return (Some(End::Deadline(collector.step().name().to_owned())), console_bytes);
            }
        };
        let said = match event {
            Event::Broken(error) => Err(error.to_string()),
            Event::Message { message, console_bytes: at } => {
                if collector.step() == Step::Boot {
                    console_bytes = at;
                }
                collector.take(*message).map_err(|offence| offence.to_string())
            }
        };
        match said {
            Ok(None) => watchdog.hear(),
            Ok(Some(end)) => return (Some(end), console_bytes),
            Err(says) => return (Some(End::Misbehaved(says)), console_bytes),
        }
        steps.send_if_modified(|step| std::mem::replace(step, collector.step()) != *step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::link::LinkError;
    use crate::guest::watchdog::Limits;
    use domain::evidence::KernelFacts;
    use domain::message::{FromGuest, Nonce, Nonces};
    use std::time::Duration;

    fn random() -> Nonces {
        Nonces { boot: Nonce(rand::random()), job: Nonce(rand::random()) }
    }

    const FOREVER: Duration = Duration::from_secs(3600);

    /// Plays events to a conversation and leaves the queue open, as a guest that hangs does, or
    /// closes it, as one that is gone does.
    async fn play(said: Vec<Event>, limits: Limits, gone: bool, nonces: Nonces) -> (Option<End>, u64, Step) {
        let (sender, mut events) = mpsc::channel(said.len().max(1));
        for event in said {
            sender.try_send(event).unwrap();
        }
        let open = (!gone).then_some(sender);
        let (steps, seen) = watch::channel(Step::Boot);
        let mut collector = Collector::new(nonces, None);
        let (end, console_bytes) =
            listen(&mut events, &mut collector, &mut Watchdog::start(limits), &steps).await;
        drop(open);
        let step = *seen.borrow();
        (end, console_bytes, step)
    }

    fn ready(nonces: Nonces, console_bytes: u64) -> Event {
        let facts = KernelFacts::default();
        Event::Message {
            message: Box::new(FromGuest::Ready { boot_nonce: nonces.boot, facts, offers: None }),
            console_bytes,
        }
    }

    fn took(nonces: Nonces) -> Event {
        let message = FromGuest::Took { boot_nonce: nonces.boot, job_nonce: nonces.job, drawn: [7; 16] };
        Event::Message { message: Box::new(message), console_bytes: 7 }
    }

    #[tokio::test]
    async fn silence_ends_at_the_limit_of_its_step() {
        let nonces = random();
        // Long enough for what is said at once, on any machine.
        let brief = Duration::from_secs(1);
        let limits = Limits { boot: brief, silence: FOREVER, job: FOREVER };
        let (end, _, step) = play(vec![], limits, false, nonces).await;
        assert_eq!((end, step), (Some(End::Deadline("boot".to_owned())), Step::Boot));
        for limits in [
            Limits { boot: FOREVER, silence: brief, job: FOREVER },
            Limits { boot: FOREVER, silence: FOREVER, job: brief },
        ] {
            let (end, console_bytes, step) =
                play(vec![ready(nonces, 5), took(nonces)], limits, false, nonces).await;
            assert_eq!((end, step), (Some(End::Deadline("open".to_owned())), Step::Open));
            assert_eq!(console_bytes, 7);
        }
    }

    #[tokio::test]
    async fn talking_does_not_keep_the_deadline_away() {
        let nonces = random();
        let limits = Limits { boot: FOREVER, silence: FOREVER, job: Duration::ZERO };
        let (end, _, step) = play(vec![ready(nonces, 0), took(nonces)], limits, false, nonces).await;
        assert_eq!((end, step), (Some(End::Deadline("boot".to_owned())), Step::Boot));
    }

    #[tokio::test]
    async fn going_away_breaking_a_rule_and_finishing_are_told_apart() {
        let nonces = random();
        let limits = Limits { boot: FOREVER, silence: FOREVER, job: FOREVER };
        let message = Box::new(FromGuest::Finished { job_nonce: nonces.job });
        let finished = Event::Message { message, console_bytes: 9 };
        let (end, ..) = play(vec![ready(nonces, 0)], limits, true, nonces).await;
        assert_eq!(end, None);
        let (end, console_bytes, _) =
            play(vec![ready(nonces, 3), took(nonces), finished], limits, true, nonces).await;
        assert_eq!((end, console_bytes), (Some(End::Finished), 7));
        let broken = Event::Broken(LinkError::TooMuch);
        let (end, ..) = play(vec![ready(nonces, 0), broken], limits, true, nonces).await;
        assert!(matches!(end, Some(End::Misbehaved(_))), "{end:?}");
        let (end, ..) = play(vec![ready(random(), 0)], limits, true, nonces).await;
        assert!(matches!(end, Some(End::Misbehaved(_))), "{end:?}");
    }
}
