//! When a credential is valid, whatever its format.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::date::instant;
use crate::json::numeric_date;

/// A date of a credential that cannot be read: it must not count as none.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the date {0:?} of the credential cannot be read")]
pub struct DateError(pub &'static str);

/// The period in which a credential is valid, in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Validity {
    /// Not valid before.
    pub from: Option<i64>,
    /// Not valid at or after.
    pub until: Option<i64>,
}

/// The validity that verified claims give: `nbf` and `exp`, and in a W3C credential (data model 2.0, or 1.1 in the member
/// `vc`) also its dates. Where there are several, the shortest period counts.
///
/// # Errors
/// [`DateError`] when a date is not a number, or not a text with an offset from UTC (RFC 3339).
pub fn validity(claims: &Map<String, Value>) -> Result<Validity, DateError> {
    let number = |name: &'static str| {
        claims.get(name).map(|value| numeric_date(value).ok_or(DateError(name))).transpose()
    };
    let mut found = Validity { from: number("nbf")?, until: number("exp")? };
    let embedded = claims.get("vc").and_then(Value::as_object);
    // Elsewhere, as in an SD-JWT VC, members of these names are anything that the issuer likes.
    let itself = claims.contains_key("@context").then_some(claims);
    for credential in [embedded, itself].into_iter().flatten() {
        let text = |name: &'static str| {
            let date = |value: &Value| value.as_str().and_then(instant).ok_or(DateError(name));
            credential.get(name).map(date).transpose()
        };
        for from in [text("validFrom")?, text("issuanceDate")?] {
            found.from = found.from.max(from);
        }
        for until in [text("validUntil")?, text("expirationDate")?] {
            found.until = [found.until, until].into_iter().flatten().min();
        }
    }
    Ok(found)
}
