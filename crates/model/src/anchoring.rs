//! When something counts as anchored: the policy of an issuer, and how far log, witnesses and chain are.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::words::words;

/// Whether a leaf of the log is anchored as its issuer wants it: `WAIT_ONCHAIN -> ONCHAIN`, and back if the chain drops the
/// transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchoring {
    /// Not yet.
    Waiting,
    /// Anchored.
    Anchored,
}

/// When a transaction counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finality {
    /// With so many confirmations; its own block is the first.
    Confirmations(NonZeroU32),
    /// In a block that the chain calls final.
    Finalized,
}

impl Finality {
    /// The number by which the database knows it: 0 is finalized.
    pub fn level(self) -> i64 {
        match self {
            Self::Confirmations(count) => count.get().into(),
            Self::Finalized => 0,
        }
    }

    /// What the database means by the number; `None` if it is none that [`Finality::level`] gives.
    pub fn from_level(level: i64) -> Option<Self> {
        let count = u32::try_from(level).ok()?;
        Some(NonZeroU32::new(count).map_or(Self::Finalized, Self::Confirmations))
    }
}

impl fmt::Display for Finality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Confirmations(count) => count.fmt(f),
            Self::Finalized => f.write_str("finalized"),
        }
    }
}

/// When what an issuer signs counts as anchored. A checkpoint of the log is always part of it.
///
/// Text form: `log`, with `+witnesses:K` and `+evm:N` or `+evm:finalized` behind it, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AnchorPolicy {
    /// How many of the deployment's witnesses must have signed a checkpoint that covers the leaf.
    pub witnesses: u32,
    /// When a transaction that covers the leaf counts; without one, no chain is asked for.
    pub evm: Option<Finality>,
}

/// A text that is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no anchoring policy: use log, log+witnesses:K, log+evm:N (confirmations), log+evm:finalized, or \
     log+witnesses:K+evm:N, with numbers from 1"
)]
pub struct PolicyError(String);

impl fmt::Display for AnchorPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("log")?;
        if self.witnesses > 0 {
            write!(f, "+witnesses:{}", self.witnesses)?;
        }
        self.evm.map_or(Ok(()), |finality| write!(f, "+evm:{finality}"))
    }
}

impl FromStr for AnchorPolicy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let error = || PolicyError(text.to_owned());
        let number = |text: &str| text.parse::<NonZeroU32>().map_err(|_| error());
        let rest = text.strip_prefix("log").ok_or_else(error)?;
        let mut policy = Self::default();
        let evm = match rest.strip_prefix("+witnesses:") {
            None => rest,
            Some(more) => {
                let end = more.find('+').unwrap_or(more.len());
                policy.witnesses = number(&more[..end])?.get();
                &more[end..]
            }
        };
        policy.evm = match evm.strip_prefix("+evm:") {
            Some("finalized") => Some(Finality::Finalized),
            Some(count) => Some(Finality::Confirmations(number(count)?)),
            None if evm.is_empty() => None,
            None => return Err(error()),
        };
        // One text a policy: `+3` and `03` are numbers, too.
        if policy.to_string() == text { Ok(policy) } else { Err(error()) }
    }
}

/// How many leaves of the log are anchored, as far as one policy asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Marks {
    /// By the witnesses that the policy asks for.
    pub witnessed: i64,
    /// On the chain as the policy asks.
    pub on_chain: i64,
}

impl AnchorPolicy {
    /// How far the leaf at this place of the log is; `None` if it has none yet.
    pub fn anchoring(&self, leaf: Option<i64>, marks: Marks) -> Anchoring {
        let Some(leaf) = leaf else { return Anchoring::Waiting };
        let witnessed = self.witnesses == 0 || leaf < marks.witnessed;
        let on_chain = self.evm.is_none() || leaf < marks.on_chain;
        if witnessed && on_chain { Anchoring::Anchored } else { Anchoring::Waiting }
    }
}

/// Where a nonce of our key on a chain stands: `pending -> mined -> final`; a re-organisation leads back to `pending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// Signed; in no block.
    Pending,
    /// In a block that may still vanish.
    Mined,
    /// In a block that does not vanish any more.
    Final,
    /// Never to be mined: another transaction took its nonce, it was reverted, or an operator skipped it.
    GivenUp,
}

words!(SlotState { Pending = "pending", Mined = "mined", Final = "final", GivenUp = "given_up" });

/// What an operator orders of a transaction that hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotOrder {
    /// Send it again, without waiting.
    Retry,
    /// Sign it anew with higher fees, for the newest head.
    Replace,
    /// Give it up, and begin with the newest head and the nonce that the chain names.
    Skip,
}

words!(SlotOrder { Retry = "retry", Replace = "replace", Skip = "skip" });

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> AnchorPolicy {
        text.parse().expect("a policy")
    }

    #[test]
    fn a_policy_has_one_text() {
        for text in ["log", "log+witnesses:2", "log+evm:1", "log+evm:finalized", "log+witnesses:3+evm:12"] {
            assert_eq!(policy(text).to_string(), text);
        }
        for text in [
            "",
            "evm:1",
            "log+",
            "log+evm",
            "log+evm:",
            "log+evm:0",
            "log+evm:01",
            "log+evm:+1",
            "log+witnesses:0",
            "log+evm:1+witnesses:2",
            "log+witnesses:1+",
            "log+witnesses:1 ",
            "log+evm:4294967296",
            "Log",
        ] {
            let error = text.parse::<AnchorPolicy>().expect_err(text);
            assert!(error.to_string().contains("log+witnesses:K"), "{error}");
        }
    }

    #[test]
    fn every_part_of_a_policy_must_cover_the_leaf() {
        use Anchoring::{Anchored, Waiting};
        let marks = Marks { witnessed: 5, on_chain: 3 };
        for (text, leaf, expected) in [
            ("log", None, Waiting),
            ("log", Some(9), Anchored),
            ("log+witnesses:1", Some(4), Anchored),
            ("log+witnesses:1", Some(5), Waiting),
            ("log+evm:1", Some(2), Anchored),
            ("log+evm:finalized", Some(3), Waiting),
            ("log+witnesses:1+evm:1", Some(2), Anchored),
            ("log+witnesses:1+evm:1", Some(4), Waiting),
        ] {
            assert_eq!(policy(text).anchoring(leaf, marks), expected, "{text} {leaf:?}");
        }
    }

    #[test]
    fn levels_read_back() {
        for finality in [Finality::Finalized, Finality::Confirmations(NonZeroU32::MIN)] {
            assert_eq!(Finality::from_level(finality.level()), Some(finality));
        }
        assert_eq!(Finality::from_level(-1), None);
    }
}
