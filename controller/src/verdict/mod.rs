//! How a try ends.
//!
//! Comes in: delivered evidence, or the news that there will be none. Goes out: a verdict, or
//! the cell back in the queue. Three kinds of ends decide everything: an answer settles the
//! cell, a transient failure costs nothing, anything else costs one of few attempts. Only what
//! another guest may answer differently is ever tried again.
//!
//! Deliberately absent: what evidence means (`insight::judge`), which tries settle a cell
//! (`insight::tries`), and changing evidence.

mod confirm;
pub(crate) mod give_back;
pub(crate) mod read;
pub(crate) mod receive;
pub(crate) mod settle;
