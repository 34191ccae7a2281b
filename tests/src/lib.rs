//! The harness: what the flows need to run the real system in a test.
//!
//! `postgres` starts a throw-away cluster, `system` a real controller with a real worker on it.
//! Deliberately absent: fakes of anything that runs here. Simulated guests belong to the tests
//! of the control plane, which need thousands of them.

pub mod compile;
pub mod corpus;
pub mod cost;
pub mod guests;
pub mod holdings;
pub mod kinds;
pub mod labels;
pub mod objects;
pub mod own_loader;
pub mod percent;
pub mod postgres;
pub mod second_opinion;
pub mod since;
pub mod system;
pub mod third_party;
pub mod veristat;
