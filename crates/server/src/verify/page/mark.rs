//! Marks beside words, so that nothing is told by its colour alone.

use model::PresentationState;
use verify::{Outcome, State};

/// A mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A tick.
    Good,
    /// A cross.
    Bad,
    /// An exclamation mark.
    Warn,
    /// A question mark.
    Open,
    /// A dash.
    Nothing,
}

impl Mark {
    /// As the style names it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Open => "open",
            Self::Nothing => "nothing",
        }
    }

    /// Its strokes inside a circle around 12, 12 with radius 11.
    pub(super) const fn strokes(self) -> &'static str {
        match self {
            Self::Good => "M7 12.5l3.5 3.5 6.5-7.5",
            Self::Bad => "M8 8l8 8M16 8l-8 8",
            Self::Warn => "M12 6.5v7M12 16.8v.4",
            Self::Open => "M9 9.5a3 3 0 1 1 4.6 2.5c-1 .7-1.6 1.2-1.6 2.2M12 17.3v.4",
            Self::Nothing => "M8 12h8",
        }
    }

    pub(super) const fn of_state(state: State) -> Self {
        match state {
            State::Valid => Self::Good,
            State::Revoked | State::Invalid => Self::Bad,
            State::Suspended | State::Expired | State::NotYetValid | State::UnknownIssuer => Self::Warn,
            State::Indeterminate => Self::Open,
        }
    }

    pub(super) const fn of_outcome(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Good,
            Outcome::Failed => Self::Bad,
            Outcome::NotApplicable => Self::Nothing,
            Outcome::Indeterminate => Self::Open,
        }
    }

    pub(super) const fn of_stage(stage: PresentationState) -> Self {
        match stage {
            PresentationState::Verified => Self::Good,
            PresentationState::Failed => Self::Bad,
            PresentationState::Expired => Self::Warn,
            PresentationState::Created | PresentationState::Sent => Self::Open,
        }
    }
}
