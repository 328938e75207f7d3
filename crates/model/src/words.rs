//! Enumerations that are known by a word, in the database and on the wire.

/// A word of the database that is none of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no state that this version knows")]
pub struct UnknownState(pub(crate) String);

/// Gives an enumeration its words.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// The word by which the database and the wire know it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownState;

            fn from_str(text: &str) -> Result<Self, $crate::UnknownState> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err($crate::UnknownState(other.to_owned())),
                }
            }
        }
    };
}
pub(crate) use words;
