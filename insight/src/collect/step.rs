//! What a guest is doing now, as far as it told.

/// The step a guest is at. Published while it runs, and named in the evidence of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The kernel boots and the validator prepares itself.
    Boot,
    /// The validator opens the object.
    Open,
    /// It loads the object, its programs or its maps.
    Load,
    /// It attaches programs.
    Attach,
    /// It runs checks.
    Behave,
}

impl Step {
    /// The name used in progress reports and evidence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Open => "open",
            Self::Load => "load",
            Self::Attach => "attach",
            Self::Behave => "behave",
        }
    }
}
