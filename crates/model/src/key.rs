//! Signing keys as they rest: sealed.

use std::fmt;
use std::str::FromStr;

use crate::KeyId;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// The word by which the database knows it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(format!("unknown word `{other}`")),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words!(
    /// What a key is for.
    KeyPurpose {
        /// Signs an issuer's credentials (ES256).
        Credential = "credential",
        /// Is an issuer's iden3 identity (BabyJubJub).
        Identity = "identity",
        /// Hides the order of status list indexes.
        Status = "status",
        /// Signs the log's checkpoints (Ed25519).
        Log = "log",
    }
);

words!(
    /// Where a key is in its life.
    KeyState {
        /// Published, not yet used.
        Next = "next",
        /// In use.
        Current = "current",
        /// No longer used; still published, so that what it signed still verifies.
        Previous = "previous",
    }
);

/// A key as the database keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// `kid`.
    pub kid: KeyId,
    /// An issuer's id, or `log`.
    pub owner: String,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// Where it is in its life.
    pub state: KeyState,
    /// What is published of it; empty for a secret that publishes nothing.
    pub public: String,
    /// The secret part, encrypted.
    pub sealed: Vec<u8>,
}
