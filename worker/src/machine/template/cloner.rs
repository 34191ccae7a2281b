//! The driver that restores guests from templates.

use super::key::key;
use super::resident::Resident;
use super::spare::{Spare, Spares};
use super::{Settings, Template, TemplateError};
use crate::machine::MachineError;
use crate::machine::driver::{Descent, Machine, Plan};
use crate::machine::launch::Starter;
use crate::machine::spec::Spec;
use crate::tally::{Event, Tally};
use domain::evidence::Start;
use std::path::PathBuf;
use std::sync::Arc;

/// Makes clones.
#[derive(Debug)]
pub struct Cloner {
    starter: Arc<Starter>,
    resident: Resident,
    spares: Arc<Spares>,
    tally: Arc<Tally>,
}

impl Cloner {
    /// A cloner that keeps its templates in `dir`.
    pub(in crate::machine) fn new(
        starter: Arc<Starter>,
        dir: PathBuf,
        settings: &Settings,
        tally: Arc<Tally>,
    ) -> Self {
        let resident = Resident::new(dir, settings, Arc::clone(&tally));
        Self { starter, resident, spares: Spares::new(settings.spares), tally }
    }

    /// The template for `plan`, made now if there is none.
    ///
    /// # Errors
    /// It could not be made, or as many of its kind as are tried did not work on this host.
    pub async fn template(&self, plan: &Plan) -> Result<Arc<Template>, TemplateError> {
        let key = key(plan, self.starter.qemu());
        self.resident.get(&self.starter, plan, key).await
    }

    /// A clone of `template` that is given the job of `plan`.
    pub(in crate::machine) async fn start(
        &self,
        template: &Template,
        plan: &Plan,
    ) -> Result<Machine, MachineError> {
        let spare = match self.spares.take(template.key) {
            Some(spare) => {
                self.tally.count(Event::SpareUsed);
                spare
            }
            None => {
                self.tally.count(Event::SpareMissed);
                Spare::start(&self.starter, template, &plan.spec).await?
            }
        };
        let identity = template.identity.clone();
        let descent = Descent { start: Start::Clone, boot: identity.boot, kernel: Some(identity.kernel) };
        Ok(Machine::drive(spare.give(plan.job.clone()), descent))
    }

    /// Starts a spare for the next cell of this kernel, if one is likely to come.
    pub(in crate::machine) fn replenish(&self, template: Arc<Template>, spec: Spec) {
        if !self.spares.wants(template.key) {
            return;
        }
        let (starter, spares) = (Arc::clone(&self.starter), Arc::clone(&self.spares));
        tokio::spawn(async move {
            match Spare::start(&starter, &template, &spec).await {
                Ok(spare) => spares.put(template.key, spare),
                Err(error) => tracing::warn!(%error, "no spare could be started"),
            }
        });
    }

    /// Forgets a template whose clone did not wake up; the next one is made anew.
    pub(in crate::machine) fn discard(&self, template: &Arc<Template>) {
        self.tally.count(Event::RestoreFailed);
        self.spares.discard(template.key);
        self.resident.discard(template);
    }

    /// Forgets the template for `plan`: its clones wake up, but what they say is in doubt.
    pub(in crate::machine) fn distrust(&self, plan: &Plan) {
        let key = key(plan, self.starter.qemu());
        self.spares.discard(key);
        self.resident.forget(key);
    }

    /// A clone of `template` woke up: earlier failures were not its kernel's.
    pub(in crate::machine) fn vouch(&self, template: &Template) {
        self.resident.vouch(template);
    }
}
