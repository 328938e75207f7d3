//! The signature algorithms that we accept.

use std::fmt;
use std::str::FromStr;

use crate::quoted::Quoted;

/// A signature algorithm of RFC 7518 (section 3.1), RFC 8812 or RFC 8037.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (section 3.4): a signature is `r || s`, 32 big-endian bytes each.
    Es256,
    /// ECDSA on P-384 with SHA-384 (section 3.4): a signature is `r || s`, 48 big-endian bytes each.
    Es384,
    /// ECDSA on P-521 with SHA-512 (section 3.4): a signature is `r || s`, 66 big-endian bytes each.
    Es512,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (section 3.3): a signature is as long as the modulus, big-endian.
    Rs256,
    /// ECDSA on secp256k1 with SHA-256 (RFC 8812, section 3.2): a signature is `r || s`, 32 big-endian bytes
    /// each.
    Es256k,
    /// EdDSA with Ed25519 (RFC 8037, section 3.1): a signature is the 64 bytes of RFC 8032, section 5.1.6.
    EdDsa,
}

/// The algorithms of the keys in a set that [`JwkSet::parse`] reads, and so of the tokens that such a set
/// verifies. The others are for keys that a caller takes from elsewhere, or asks for by
/// [`JwkSet::parse_with`].
///
/// [`JwkSet::parse`]: crate::JwkSet::parse
/// [`JwkSet::parse_with`]: crate::JwkSet::parse_with
pub const JWK_SET_ALGORITHMS: [Algorithm; 2] = [Algorithm::Rs256, Algorithm::Es256];

impl Algorithm {
    /// Every algorithm that a [`PublicKey`](crate::PublicKey) can have.
    pub const ALL: [Self; 6] =
        [Self::Rs256, Self::Es256, Self::Es384, Self::Es512, Self::Es256k, Self::EdDsa];

    /// The registered name: `RS256`, `ES256`, `ES384`, `ES512`, `ES256K` or `EdDSA`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Rs256 => "RS256",
            Self::Es256k => "ES256K",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of this name, if it is one of `accepted`.
    pub(crate) fn among(accepted: &[Self], name: &str) -> Result<Self, UnsupportedAlgorithm> {
        let found = accepted.iter().find(|algorithm| algorithm.as_str() == name);
        found.copied().ok_or_else(|| UnsupportedAlgorithm(name.to_owned()))
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
        Self::among(&Self::ALL, name)
    }
}

/// The name of an algorithm that is not accepted: none of [`Algorithm::ALL`], or none of those of a set of keys
/// where one is asked.
///
/// The message recommends what is accepted everywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("algorithm {} is not accepted; use RS256 or ES256", Quoted(.0))]
pub struct UnsupportedAlgorithm(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        }
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "none", "None", "NONE", "", "es256", "ES256 ", "ES256k", "eddsa", "Ed25519", "es384", "ES521",
            "PS256", "HS256", "RS512",
        ] {
            assert_eq!(name.parse::<Algorithm>(), Err(UnsupportedAlgorithm(name.to_owned())));
        }
    }

    #[test]
    fn sets_of_keys_accept_two() {
        for name in ["ES384", "ES512", "ES256K", "EdDSA", "none"] {
            let refused = Algorithm::among(&JWK_SET_ALGORITHMS, name).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("algorithm `{name}` is not accepted; use RS256 or ES256")
            );
        }
        assert_eq!(Algorithm::among(&JWK_SET_ALGORITHMS, "ES256"), Ok(Algorithm::Es256));
    }
}
