//! Questions: what makes two cells the same, so that one answer serves both.

use crate::axis::{Axes, Loader};
use crate::digest::Digest;
use crate::level::Level;
use serde::Serialize;

/// Everything a verdict depends on. Two cells with equal questions have the same answer.
#[derive(Debug, Clone, Serialize)]
pub struct Question {
    /// The object.
    pub object: Digest,
    /// The kernel.
    pub kernel: Digest,
    /// The validator that is to answer.
    pub validator: Digest,
    /// The rules that judge its evidence.
    pub rules: Digest,
    /// The contract, as it stands on this kernel on the day of the question.
    pub contract: Digest,
    /// The evidence level.
    pub level: Level,
    /// The loader inside the guest.
    pub loader: Loader,
    /// Its program with its libraries, if it is an external one: under one name, workers may have several.
    pub loader_program: Option<Digest>,
    /// The other dimensions.
    pub axes: Axes,
}

impl Question {
    /// The key under which the answer is stored.
    pub fn digest(&self) -> Digest {
        let bytes = postcard::to_stdvec(self).expect("plain structs of numbers always encode");
        Digest::of(&bytes)
    }
}
