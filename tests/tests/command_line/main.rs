//! The programs as people and service managers run them, with real guests.
//!
//! Every test has a data folder of its own, so that tests run side by side and each can prove
//! that nothing of it is left: no guest, no Postgres, no socket. Only the kernels are shared, by
//! a link, so that none is fetched twice. Bad input never gets as far as this and is tried in
//! `cli/tests/misuse.rs`.

mod broken;
mod interrupted;
mod kernels;
mod processes;
mod question;
mod remote;
mod report;
mod scene;
mod suite;
mod together;
