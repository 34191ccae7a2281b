//! What is observed, folded into evidence in this process.

use super::RefusedError;
use crate::audience::Audience;
use crate::exercise::ExerciseError;
use crate::guest::whole_chain;
use domain::contract::Contract;
use domain::digest::Digest;
use domain::evidence::{Accelerator, End, Evidence, Guest, KernelFacts, Start};
use domain::message::{FromGuest, Nonce, Nonces};
use insight::collect::{Collector, Offence};
use std::cell::RefCell;
use std::time::Instant;

/// There is nobody in between whose answers could be mixed up.
const NONCES: Nonces = Nonces { boot: Nonce([0; 32]), job: Nonce([0; 32]) };

/// Hears the exercise until its time is over.
#[derive(Debug)]
pub(super) struct Fold {
    collector: RefCell<Collector>,
    facts: KernelFacts,
    // None for no end.
    until: Option<Instant>,
}

impl Audience for Fold {
    fn hear(&self, message: &FromGuest) -> Result<(), ExerciseError> {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return Err(ExerciseError::Late);
        }
        self.collector.borrow_mut().take(message.clone())?;
        Ok(())
    }
}

impl Fold {
    /// On a kernel of which these facts are known.
    pub(super) fn new(facts: KernelFacts, until: Option<Instant>) -> Result<Self, RefusedError> {
        let mut collector = Collector::new(NONCES, Some(facts.clone()));
        let Nonces { boot: boot_nonce, job: job_nonce } = NONCES;
        collector.take(FromGuest::Took { boot_nonce, job_nonce, drawn: [0; 16] }).map_err(broken)?;
        Ok(Self { collector: RefCell::new(collector), facts, until })
    }

    /// Everything that was observed under the contract.
    pub(super) fn into_evidence(self, contract: Contract) -> Result<Evidence, RefusedError> {
        let Self { collector, facts, .. } = self;
        let mut collector = collector.into_inner();
        let machine = Guest {
            start: Start::Cold,
            accelerator: Accelerator::Kvm,
            qemu: String::new(),
            memory_bytes: facts.memory_bytes,
            cpus: u16::try_from(facts.cpus).unwrap_or(u16::MAX),
            validator: Digest([0; 32]),
            initramfs: Digest([0; 32]),
            nonce_ok: false,
            drawn: String::new(),
            loader_version: String::new(),
            environment: None,
            boot_ms: 0,
            answer_ms: 0,
        };
        let end = collector.take(FromGuest::Finished { job_nonce: NONCES.job }).map_err(broken)?;
        let evidence = collector.into_evidence(machine, String::new(), "", end.unwrap_or(End::Finished));
        Ok(Evidence { contract, ..evidence })
    }
}

fn broken(offence: Offence) -> RefusedError {
    RefusedError::NotTried(whole_chain(&offence))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use domain::evidence::Open;

    /// What is known after these observations.
    pub(in crate::before_load) fn observed(messages: &[FromGuest]) -> Evidence {
        let fold = Fold::new(KernelFacts::default(), None).expect("nothing was said yet");
        messages.iter().for_each(|message| fold.hear(message).expect("it is in order"));
        fold.into_evidence(Contract::default()).expect("it is whole")
    }

    #[test]
    fn what_was_heard_in_time_is_whole_evidence() {
        let evidence = observed(&[FromGuest::Opened(Open::default())]);
        assert_eq!(evidence.end, End::Finished);
        assert!(evidence.guest.nonce_ok && evidence.open.is_some() && evidence.kernel.is_some());
    }

    #[test]
    fn nothing_is_heard_when_the_time_is_over() {
        let late = Fold::new(KernelFacts::default(), Some(Instant::now())).expect("nothing was said yet");
        let heard = late.hear(&FromGuest::Opened(Open::default()));
        assert!(matches!(heard, Err(ExerciseError::Late)), "{heard:?}");
    }
}
