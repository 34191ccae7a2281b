//! Spares: processes of clones that were started before their cell came.
//!
//! Starting QEMU costs more than waking a guest up in it. A spare has its machine built and waits
//! for the job, which QEMU reads from a pipe before it does anything else.

use super::Template;
use crate::machine::MachineError;
use crate::machine::launch::{Launch, Process, Starter, in_memory, one_way_in};
use crate::machine::monitor::wake_up;
use crate::machine::spec::{JOB_FD, MEMORY_FD, Role, STATE_FD, Spec};
use domain::digest::Digest;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe;

/// A clone that waits for its job.
#[derive(Debug)]
pub(super) struct Spare {
    process: Process,
    job: pipe::Sender,
}

impl Spare {
    /// Starts the process of a clone of `template`.
    pub(super) async fn start(
        starter: &Starter,
        template: &Template,
        spec: &Spec,
    ) -> Result<Self, MachineError> {
        let channel = MachineError::MakeChannel;
        let (inlet, job) = one_way_in().map_err(channel)?;
        let files = vec![
            (JOB_FD, inlet),
            (MEMORY_FD, template.memory.try_clone().map_err(channel)?),
            // A file of its own for each, because the position in a file is shared.
            (STATE_FD, in_memory("state", &template.state).map_err(channel)?),
        ];
        let mut process = starter.start(Launch { spec, role: Role::Clone, files }).await?;
        let commands = process.monitor.as_mut().expect("a clone has a monitor");
        commands.write_all(wake_up().as_bytes()).await.map_err(channel)?;
        Ok(Self { process, job })
    }

    /// Hands over the job: the clone wakes up.
    pub(super) fn give(mut self, frame: bytes::Bytes) -> Process {
        // A job can be larger than a pipe holds. QEMU that dies meanwhile is noticed by its link.
        tokio::spawn(async move { self.job.write_all(&frame).await });
        self.process
    }

    fn alive(&mut self) -> bool {
        matches!(self.process.child.try_wait(), Ok(None))
    }
}

/// The spares of a worker.
#[derive(Debug)]
pub(super) struct Spares {
    max: usize,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    // The one used last stands at the end, in both.
    spares: VecDeque<(Digest, Spare)>,
    recent: VecDeque<Digest>,
}

impl Spares {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, waiting: Mutex::default() })
    }

    /// A spare of the template, if one waits.
    pub(super) fn take(&self, key: Digest) -> Option<Spare> {
        let mut waiting = self.waiting();
        while let Some(position) = waiting.spares.iter().position(|(other, _)| *other == key) {
            let (_, mut spare) = waiting.spares.remove(position)?;
            if spare.alive() {
                return Some(spare);
            }
        }
        None
    }

    /// Whether a spare of this template should wait for the next cell: only once two cells in a
    /// row of as many kernels as there are spares asked for it. A sweep over more kernels than
    /// that would start each spare for nothing.
    pub(super) fn wants(&self, key: Digest) -> bool {
        let mut waiting = self.waiting();
        let again = waiting.recent.iter().position(|other| *other == key);
        if let Some(position) = again {
            waiting.recent.remove(position);
        }
        waiting.recent.push_back(key);
        if waiting.recent.len() > self.max {
            waiting.recent.pop_front();
        }
        again.is_some() && self.max > 0
    }

    /// Keeps a spare; the one whose template was used longest ago makes room.
    pub(super) fn put(&self, key: Digest, spare: Spare) {
        let mut waiting = self.waiting();
        waiting.spares.push_back((key, spare));
        if waiting.spares.len() > self.max {
            waiting.spares.pop_front();
        }
    }

    /// Ends the spares of a template that did not work.
    pub(super) fn discard(&self, key: Digest) {
        self.waiting().spares.retain(|(other, _)| *other != key);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nobody panics while holding the spares")
    }
}
