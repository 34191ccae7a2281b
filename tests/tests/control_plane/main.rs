//! The controller as its clients see it: a real Postgres, a real controller, real gRPC over
//! in-memory connections, and workers that answer without booting anything.

mod attempts;
mod budget;
mod cached;
mod cancel;
mod claim;
mod edges;
mod fencing;
mod lab;
mod listener;
mod offers;
mod refused;
mod rejudge;
mod trials;
mod turmoil;
mod watching;
mod worker;
