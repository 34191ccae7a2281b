//! From evidence to verdicts: the same evidence gives the same verdict today and in a year.
//!
//! In: everything observed for one cell, and the level that was asked for. Out: a verdict for
//! each program and map and for the cell, each that is no pass with its cause.
