/// How important a call is to its caller, for a service that has more calls than it can handle.
///
/// Calls that a handler makes have the priority of the call that it handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Priority {
    /// Somebody waits, and the whole fails without it.
    Critical,
    /// What is not said to be anything else.
    #[default]
    Default,
    /// Worth having, and may be left out.
    Sheddable,
    /// Nobody waits: it can be done at another time.
    Background,
}

impl Priority {
    /// The priority that OPEN names by this number; one that is not known is less important than all that are.
    pub(crate) const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Default,
            1 => Self::Critical,
            2 => Self::Sheddable,
            _ => Self::Background,
        }
    }

    /// The number in OPEN. The default costs nothing there, so it is 0.
    pub(crate) const fn number(self) -> u32 {
        match self {
            Self::Default => 0,
            Self::Critical => 1,
            Self::Sheddable => 2,
            Self::Background => 3,
        }
    }
}
