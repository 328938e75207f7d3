//! What goes wrong inside. A caller of an API never sees this text; it is logged once, where the answer is rendered.

use anchor::AnchorError;
use blobs::BlobError;
use keys::KeyError;
use store::StoreError;

/// An error that is nobody's fault but ours.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(std::sync::Arc<Cause>);

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("store: {0}")]
    Store(#[from] StoreError),
    #[error("keys: {0}")]
    Key(#[from] KeyError),
    #[error("log: {0}")]
    Anchor(#[from] AnchorError),
    #[error("blobs: {0}")]
    Blob(#[from] BlobError),
    #[error("{0}")]
    Inconsistent(String),
}

impl EngineError {
    /// Something that the database says cannot be so.
    pub(crate) fn inconsistent(what: impl Into<String>) -> Self {
        Self(Cause::Inconsistent(what.into()).into())
    }
}

macro_rules! from {
    ($($source:ty),+) => {
        $(impl From<$source> for EngineError {
            fn from(error: $source) -> Self {
                Self(Cause::from(error).into())
            }
        })+
    };
}

from!(StoreError, KeyError, AnchorError, BlobError);

/// An error of a cached look-up, which all who waited for it share.
impl From<std::sync::Arc<Self>> for EngineError {
    fn from(error: std::sync::Arc<Self>) -> Self {
        Self(std::sync::Arc::clone(&error.0))
    }
}
