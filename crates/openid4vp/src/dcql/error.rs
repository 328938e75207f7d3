//! What is wrong with a query.

use crate::path::PathError;
use jose::Quoted;

use super::{MAX_ID_LEN, MAX_TEXT_LEN};

/// A rule of section 6 that a query breaks, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{at}`: {problem}")]
pub struct DcqlError {
    /// The member, such as `credentials[1].claims[0].path`.
    pub at: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a member of a query.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Problem {
    /// It is required and absent.
    #[error("is required")]
    Missing,
    /// It has another type.
    #[error("{0} is expected")]
    Expected(&'static str),
    /// An array is empty.
    #[error("at least one element is expected")]
    Empty,
    /// An array is too long.
    #[error("at most {0} elements are accepted")]
    TooMany(usize),
    /// No id.
    #[error("an id has 1 to {MAX_ID_LEN} letters of A-Z and a-z, digits, `_` or `-`")]
    Id,
    /// An id, or another value that has to be unique, is there twice.
    #[error("{} is there twice", Quoted(.0))]
    Duplicate(String),
    /// A text is empty or too long.
    #[error("a text of 1 to {MAX_TEXT_LEN} bytes is expected")]
    Text,
    /// A format that is not supported.
    #[error("the format {} is not supported; use `dc+sd-jwt` or `jwt_vc_json`", Quoted(.0))]
    Format(String),
    /// A path that is none.
    #[error("{0}")]
    Path(#[from] PathError),
    /// Two claims queries point to the same claim.
    #[error("points to a claim to which claims[{0}] points already; ask for each claim once")]
    SameClaim(usize),
    /// A value to compare with that is none.
    #[error("a string, an integer or a boolean is expected")]
    Value,
    /// Claim sets without claims.
    #[error("needs `claims` beside it, whose ids it names")]
    WithoutClaims,
    /// A claim without an id beside claim sets.
    #[error("is required, because there are `claim_sets`")]
    IdForClaimSets,
    /// An id that nothing has.
    #[error("{} is the id of nothing in this query", Quoted(.0))]
    UnknownId(String),
    /// A type of trusted authority that is not known.
    #[error("{} is no type of trusted authority; use `aki`, `etsi_tl` or `openid_federation`", Quoted(.0))]
    Authority(String),
    /// A key identifier that is not base64url.
    #[error("a key identifier in base64url without padding is expected")]
    KeyIdentifier,
}
