//! Nonces: which boot and which job an answer belongs to.

use domain::message::Nonce;

/// The two nonces of one guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonces {
    /// Given at boot, returned with `Ready`.
    pub boot: Nonce,
    /// Given with the job, returned with `Finished`.
    pub job: Nonce,
}

impl Nonces {
    /// Two fresh nonces from the thread's cryptographic generator.
    pub fn random() -> Self {
        Self { boot: Nonce(rand::random()), job: Nonce(rand::random()) }
    }
}
