//! The private Postgres cluster of local mode.
//!
//! In: a data folder. Out: [`Cluster`], a running server on a unix socket that only the caller
//! (and, for root, the user Postgres runs as) can reach.
//!
//! ```text
//!            no folder               folder, nobody home
//!   absent ───initdb───► stopped ───────pg_ctl start──────► running
//!                           ▲                                 │
//!                           └── last one out: fast shutdown ◄─┘
//! ```
//!
//! Any number of local runs share one cluster. Each holds the file `users` locked shared while
//! it needs the server; starting and stopping happens under the exclusive lock of `gate`. Whoever
//! gets `users` exclusively is the last one out and stops the server. The kernel drops the locks
//! of a killed process, so nobody is counted who is not there, and a server that outlived its
//! users is simply used by the next.
//!
//! Deliberately absent: SQL. What the database holds is the controller's.

mod cluster;
mod lock;
mod programs;

pub(super) use cluster::{Cluster, PORT, ROLE};
pub(crate) use programs::Programs;
