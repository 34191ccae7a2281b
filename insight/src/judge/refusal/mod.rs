//! The rules, by the step that was refused. Each file has the facts of one refusal as a struct
//! and one function per rule; `classify` holds their order.

pub(super) mod attach;
pub(super) mod load;
pub(super) mod map;
