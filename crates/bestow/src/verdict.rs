//! How a check ends that a stranger makes: what it found wrong and what it could not find out are two things.

use std::process::ExitCode;

use anyhow::anyhow;
use evm::RpcError;
use evm::registry::RegistryError;

use crate::explain::explain;

/// Why something does not hold, or is not known to hold.
#[derive(Debug)]
pub(crate) enum Doubt {
    /// It does not hold.
    Wrong(anyhow::Error),
    /// It may hold: it cannot be told.
    Unknown(anyhow::Error),
}

impl Doubt {
    /// What does not hold.
    pub(crate) fn wrong(why: impl std::fmt::Display) -> Self {
        Self::Wrong(anyhow!("{why}"))
    }

    /// What cannot be told.
    pub(crate) fn unknown(why: impl std::fmt::Display) -> Self {
        Self::Unknown(anyhow!("{why}"))
    }

    /// The text for people, on one line. Strangers' words may be in it: none of them controls a terminal.
    pub(crate) fn reason(&self) -> String {
        let (Self::Wrong(error) | Self::Unknown(error)) = self;
        explain(error).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
    }

    /// The reason alone.
    pub(crate) fn into_error(self) -> anyhow::Error {
        let (Self::Wrong(error) | Self::Unknown(error)) = self;
        error
    }

    /// 1 for what does not hold, 2 for what cannot be told: clap ends with the same when the command line is wrong.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Wrong(_) => ExitCode::from(1),
            Self::Unknown(_) => ExitCode::from(2),
        }
    }
}

/// What goes wrong on the way is not the fault of what is checked.
impl From<anyhow::Error> for Doubt {
    fn from(error: anyhow::Error) -> Self {
        Self::Unknown(error)
    }
}

impl From<RpcError> for Doubt {
    fn from(error: RpcError) -> Self {
        Self::Unknown(anyhow::Error::new(error).context("the chain"))
    }
}

impl From<RegistryError> for Doubt {
    fn from(error: RegistryError) -> Self {
        match error {
            // There is nothing where there should be something.
            RegistryError::NoContract(_) | RegistryError::NotRegistry(_) => Self::Wrong(error.into()),
            RegistryError::TooMany | RegistryError::Rpc(_) => {
                Self::Unknown(anyhow::Error::new(error).context("the chain"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_plain_text() {
        let doubt = Doubt::Wrong(anyhow!("by\u{1b}[31m\nwhom").context("a leaf"));
        assert_eq!(doubt.reason(), "a leaf: by\u{fffd}[31m\u{fffd}whom");
    }

    #[test]
    fn what_is_wrong_and_what_is_unknown_end_differently() {
        let code = |doubt: Doubt| format!("{:?}", doubt.exit_code());
        assert_eq!(code(Doubt::wrong("x")), format!("{:?}", ExitCode::from(1)));
        assert_eq!(code(Doubt::from(anyhow!("x"))), format!("{:?}", ExitCode::from(2)));
        let none = RegistryError::NoContract(evm::Address::ZERO);
        assert!(matches!(Doubt::from(none), Doubt::Wrong(_)));
        assert!(matches!(Doubt::from(RegistryError::TooMany), Doubt::Unknown(_)));
    }
}
