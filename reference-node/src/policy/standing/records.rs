//! Which records a node that deviates takes for an answer.

use super::SaidAgain;

impl SaidAgain {
    /// The standing that an earlier record with the same content needs to be the answer to an assertion.
    pub(crate) fn answers(self) -> Option<&'static str> {
        match self {
            Self::IsNews | Self::IsRefused => None,
            Self::RenewsALiveRecord | Self::IsALiveRecord => Some("e.state < 2"),
            Self::IsAnExpiredRecord => Some("e.state = 2"),
            Self::IsAWithdrawnRecord => Some("e.state = 3 AND e.confidence > 0"),
            Self::IsTheOldRetraction => Some("e.confidence = 0"),
        }
    }
}
