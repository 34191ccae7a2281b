//! Who hears each observation as it is made: a worker, over the channel of its guest, or the caller of
//! [`crate::validate_before_load`].

use crate::exercise::ExerciseError;
use channel::Link;
use domain::message::FromGuest;
use std::fmt::Debug;

/// Takes what is observed.
pub(crate) trait Audience: Debug {
    /// Takes one observation. An error ends the exercise.
    fn hear(&self, message: &FromGuest) -> Result<(), ExerciseError>;
}

impl Audience for Link {
    fn hear(&self, message: &FromGuest) -> Result<(), ExerciseError> {
        Ok(self.send(message)?)
    }
}
