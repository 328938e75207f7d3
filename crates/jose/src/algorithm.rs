//! The signature algorithms that we accept.

use std::fmt;
use std::str::FromStr;

use crate::quoted::Quoted;

/// A signature algorithm of RFC 7518, section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (section 3.4): a signature is `r || s`, 32 big-endian bytes each.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (section 3.3): a signature is as long as the modulus, big-endian.
    Rs256,
}

impl Algorithm {
    /// The registered name: `ES256` or `RS256`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = UnsupportedAlgorithm;

    /// Names are case-sensitive (RFC 7515, section 4.1.1).
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "ES256" => Ok(Self::Es256),
            "RS256" => Ok(Self::Rs256),
            other => Err(UnsupportedAlgorithm(other.to_owned())),
        }
    }
}

/// The name of an algorithm that is neither `ES256` nor `RS256`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("algorithm {} is not accepted; use RS256 or ES256", Quoted(.0))]
pub struct UnsupportedAlgorithm(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        }
    }

    #[test]
    fn other_names_are_refused() {
        for name in
            ["none", "None", "NONE", "", "es256", "ES256 ", "ES256K", "ES384", "PS256", "HS256", "RS512"]
        {
            assert_eq!(name.parse::<Algorithm>(), Err(UnsupportedAlgorithm(name.to_owned())));
        }
    }
}
