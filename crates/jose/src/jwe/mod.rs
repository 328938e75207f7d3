//! Compact JSON Web Encryption (RFC 7516) as OpenID4VCI uses it between a wallet and an issuer.
//!
//! One way to agree on a key: `ECDH-ES` on P-256 without key wrapping (RFC 7518, section 4.6), so that each
//! message has a key of its own. Two ways to encrypt: AES in Galois/Counter Mode with 128 or 256 bits (section
//! 5.3). Plaintexts may be compressed (`DEF`). An encrypted message says nothing about who made it.
//!
//! ```
//! use jose::jwe::{ContentEncryption, DecryptionKey, EncryptionKey, Message, decrypt};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut random = |bytes: &mut [u8]| bytes.fill(7);
//! let ours = DecryptionKey::from_scalar(&[1; 32])?;
//! let theirs = EncryptionKey::from_jwk(&ours.public_jwk())?;
//! let message = Message { enc: ContentEncryption::A256Gcm, compressed: false, typ: None, cty: Some("json") };
//! let jwe = theirs.encrypt(&message, b"{}", &mut random);
//! assert_eq!(decrypt(&jwe, &ours, 64 * 1024)?, b"{}");
//! # Ok(())
//! # }
//! ```

mod agreement;
mod decrypt;
mod encrypt;

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Algorithm, LessSafeKey, UnboundKey};

use crate::quoted::Quoted;

pub use agreement::{DecryptionKey, InvalidScalar};
pub use decrypt::{JweError, decrypt};
pub use encrypt::{EncryptionKey, Message, RecipientKeyError};

/// The only `alg`: Elliptic Curve Diffie-Hellman Ephemeral Static, whose result is the key of the content
/// (RFC 7518, section 4.6).
pub const KEY_AGREEMENT: &str = "ECDH-ES";

/// The only `zip`: DEFLATE without a wrapper (RFC 7516, section 4.1.3).
pub const COMPRESSION: &str = "DEF";

/// How the content is encrypted (RFC 7518, section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentEncryption {
    /// AES GCM with a key of 128 bits.
    A128Gcm,
    /// AES GCM with a key of 256 bits.
    A256Gcm,
}

impl ContentEncryption {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::A128Gcm, Self::A256Gcm];

    /// The value of `enc`: `A128GCM` or `A256GCM`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    const fn cipher(self) -> &'static Algorithm {
        match self {
            Self::A128Gcm => &AES_128_GCM,
            Self::A256Gcm => &AES_256_GCM,
        }
    }

    /// The length of the key in bytes.
    const fn key_len(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm => 32,
        }
    }

    fn key(self, bytes: &[u8]) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(self.cipher(), bytes).expect("the key was derived at this length"))
    }
}

impl fmt::Display for ContentEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ContentEncryption {
    type Err = UnsupportedEncryption;

    /// Names are case-sensitive (RFC 7516, section 4.1.2).
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|enc| enc.as_str() == name);
        found.ok_or_else(|| UnsupportedEncryption(name.to_owned()))
    }
}

/// The name of a content encryption that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("content encryption {} is not accepted; use A128GCM or A256GCM", Quoted(.0))]
pub struct UnsupportedEncryption(pub String);
