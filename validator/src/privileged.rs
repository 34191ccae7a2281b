//! Programs that were refused to a loader without all capabilities: which one it lacked is not guessed.

use crate::exercise::{Exercise, ExerciseError};
use crate::load;
use crate::open::Instance;
use domain::errno::Errno;
use domain::evidence::{LoadScope, PrivilegedLoad};
use domain::message::FromGuest;

/// Capabilities that loads may need, the fewest first; the last stands for all of them.
const SETS: [&[&str]; 7] = [
    &["bpf"],
    &["perfmon"],
    &["net_admin"],
    &["bpf", "perfmon"],
    &["bpf", "net_admin"],
    &["bpf", "perfmon", "net_admin"],
    &["sys_admin"],
];

impl Exercise<'_> {
    /// Loads a program that was refused once more with all capabilities, and if that helps, with ever more of
    /// them until the kernel takes it.
    pub(crate) fn with_more_capabilities(&self, index: usize, whole: &Instance) -> Result<(), ExerciseError> {
        let Some((program, errno)) = self.with(index, whole, None)? else { return Ok(()) };
        let mut lacked = Vec::new();
        if errno.is_none() {
            for set in SETS {
                if matches!(self.with(index, whole, Some(set))?, Some((_, None))) {
                    lacked = set
                        .iter()
                        .filter(|name| !self.bounds.have(name))
                        .map(|name| (*name).to_owned())
                        .collect();
                    break;
                }
            }
        }
        self.send(&FromGuest::Privileged(PrivilegedLoad { program, errno, lacked }))
    }

    /// Loads the program alone with more capabilities than its loader has, or with all; `None` where it lacks
    /// what it replaces a function of.
    fn with(
        &self,
        index: usize,
        whole: &Instance,
        more: Option<&[&str]>,
    ) -> Result<Option<(String, Option<Errno>)>, ExerciseError> {
        let instance = self.reopen()?;
        load::only_programs(&instance.object, |other| other == index).map_err(ExerciseError::Narrow)?;
        let program = instance.object.programs().nth(index).ok_or(ExerciseError::Changed)?;
        if load::aim(program, &whole.object).is_err() {
            self.forget();
            return Ok(None);
        }
        let bounds = |errno| ExerciseError::Bounds(errno);
        match more {
            Some(more) => self.bounds.and(more).enter().map_err(bounds)?,
            None => self.bounds.leave().map_err(bounds)?,
        }
        let errno = load::load(&instance.object, LoadScope::Alone(program.name())).errno;
        self.bounds.enter().map_err(bounds)?;
        self.forget();
        Ok(Some((program.name(), errno)))
    }
}
