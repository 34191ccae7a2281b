#![doc = include_str!("../README.md")]

mod alone;
mod attach;
mod audience;
mod before_load;
mod behave;
mod charged;
mod checks;
mod clock;
mod command;
mod contract;
mod devices;
mod end;
mod environment;
mod exercise;
mod facts;
mod group;
mod guest;
mod kmsg;
mod line_costs;
mod load;
mod loader;
mod log;
mod maps;
mod modules;
mod mounts;
mod netlink;
mod open;
mod own_loader;
mod place;
mod prepare;
mod privileged;
mod probe;
mod settle;
mod symbols;
mod sys;
mod tools;

#[doc(hidden)]
pub mod first_process;

pub use before_load::{Options, RefusedError, Report, validate_before_load};
pub use domain;
pub use insight::manifest;
