//! What becomes of a network call.

/// The call, and whether its caller gets to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is made, and answered.
    Answered,
    /// It is made, the answer is lost, and the SDK makes the same call again.
    Repeated,
    /// It is made, and its caller sees an error.
    Lost,
    /// It is not made, and its caller sees an error.
    Refused,
}

impl Fate {
    pub(crate) const ALL: [Self; 4] = [Self::Answered, Self::Repeated, Self::Lost, Self::Refused];

    pub(crate) fn made(self) -> bool {
        self != Self::Refused
    }
}
