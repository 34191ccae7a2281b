//! A guest that misbehaves: what a worker makes of it is shown by `tests/tests/hostile_guests.rs`.
//!
//! It takes the validator's place. A module named `hostile/…` says how it misbehaves before it has
//! a job; without one it says an honest `Ready`, so that it can be a template and a clone, and the
//! name of the job's object says what it does then. Where it cannot do what is asked of it, it ends,
//! and the kernel panics.

mod misdeed;

use channel::Link;
use domain::evidence::KernelFacts;
use domain::message::FromGuest;
use nix::mount::{MsFlags, mount};

fn main() {
    mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), None::<&str>).expect("/proc");
    let mut link = Link::open().expect("the channel");
    let boot = link.boot().expect("a boot frame");
    let ready = FromGuest::Ready { boot_nonce: boot.nonce, facts: KernelFacts::default(), offers: None };
    if let Some(asked) = boot.modules.iter().find_map(|module| module.strip_prefix("hostile/")) {
        misdeed::before_the_job(&link, asked, &ready);
    }
    link.send(&ready).expect("a frame");
    let job = link.job().expect("a job frame");
    let took = FromGuest::Took { boot_nonce: boot.nonce, job_nonce: job.nonce, drawn: [0; 16] };
    let finished = FromGuest::Finished { job_nonce: job.nonce };
    misdeed::with_the_job(&link, &job.object_name, &took, &finished);
}
