//! The worker: runs machines. Data flows `session → slot → machine → guest → evidence`.
//!
//! It takes assignments from one stream to the controller, clones a guest of the kernel asked
//! for, puts the question to the validator inside, and delivers what was observed. It never
//! judges: a verdict is the controller's.

pub mod accelerator;
pub mod config;
pub mod evidence;
pub mod external;
pub mod guest;
pub mod jail;
pub mod kernel;
pub mod machine;
pub mod metrics;
pub mod offered;
pub mod recheck;
pub mod serve;
pub mod session;
pub mod slot;
pub mod tally;
pub mod tools;
pub mod validator;
pub mod warm;
mod worker;

pub use worker::{PrepareError, Worker};
