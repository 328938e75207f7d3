//! Yes-or-no questions about the claims of an answer: a verifier that asks "is 18" needs to keep the answer only.
//!
//! Conditions are not part of OpenID4VP and no wallet sees them. They are decided here, after presentation, on claims that
//! the query asked for. A condition that cannot be decided does not hold.

use std::cmp::Ordering;

use jose::Quoted;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dcql::{DcqlQuery, Selected};
use crate::decimal::Decimal;
use crate::path::Path;
use crate::time::{Date, Instant};

/// How many conditions a definition may have.
pub const MAX_CONDITIONS: usize = 32;

/// How many values `oneOf` may list.
pub const MAX_ONE_OF: usize = 64;

/// How long a text to compare with may be, in bytes.
pub const MAX_TEXT_LEN: usize = 4096;

/// The largest number of years in `{"yearsAgo": n}`.
pub const MAX_YEARS_AGO: u16 = 200;

/// The only member of a relative value.
const YEARS_AGO: &str = "yearsAgo";

/// One question: how a claim compares with a value.
///
/// `value` is a string, a number or a boolean; with [`Operator::OneOf`] a non-empty array of them; and, to order dates, also
/// `{"yearsAgo": 18}`: the day 18 years before today, in UTC. So "`birthdate` `lessOrEqual` `{"yearsAgo": 18}`" asks whether
/// somebody is 18. Where the year has no 29 February, its 28 February is taken: who was born on a leap day comes of age on
/// 1 March of other years, and nobody comes of age before their birthday.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Condition {
    /// The id of a credential query.
    pub credential: String,
    /// One of the paths that this credential query asks for.
    pub path: Path,
    /// How to compare.
    pub operator: Operator,
    /// What to compare with.
    pub value: Value,
}

/// How a claim is compared with a value.
///
/// Numbers are compared exactly, as decimals: 1.0 equals 1. Two instants (RFC 3339 `date-time`) are compared as points in
/// time, whatever their offsets. All other texts are equal if they are the same characters. Ordering is for two numbers, two
/// dates (`YYYY-MM-DD`) or two instants.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Operator {
    /// The claim is the value.
    Equal,
    /// The claim is there and is not the value.
    NotEqual,
    /// The claim is a larger number, or is later.
    Greater,
    /// The claim is no smaller number, or is not earlier.
    GreaterOrEqual,
    /// The claim is a smaller number, or is earlier.
    Less,
    /// The claim is no larger number, or is not later.
    LessOrEqual,
    /// The claim is one of the values.
    OneOf,
}

impl Operator {
    fn orders(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual)
    }
}

/// Why a condition cannot be asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConditionError {
    /// The query asks for no such credential.
    #[error("`credential`: the query has no credential {}", Quoted(.0))]
    Credential(String),
    /// The credential query does not ask for the claim.
    #[error("`path`: the query does not ask for {0}; add it to the `claims` of the credential")]
    Path(Path),
    /// The value is none that the operator compares with.
    #[error("`value`: {0}")]
    Value(ValueError),
}

/// Why a value does not fit its operator.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// Not a scalar.
    #[error("a string, a number or a boolean is expected")]
    NotScalar,
    /// A number whose text or exponent is too large to be compared.
    #[error("the number is too long or too large to be compared")]
    Number,
    /// A text that is too long.
    #[error("the text is longer than {MAX_TEXT_LEN} bytes")]
    TooLong,
    /// Something that has no order.
    #[error(
        "to order, a number, a date (2008-11-22), an instant (2008-11-22T10:00:00Z) or {{\"yearsAgo\": 18}} is expected"
    )]
    NotOrdered,
    /// A number of years that is not one.
    #[error("`yearsAgo` is an integer from 0 to {MAX_YEARS_AGO}, and the only member")]
    YearsAgo,
    /// Not a list, an empty one, or too long a list.
    #[error("`oneOf` takes an array of 1 to {MAX_ONE_OF} strings, numbers or booleans")]
    NotList,
}

/// Why a list of conditions cannot be asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConditionsError {
    /// There are too many.
    #[error("at most {MAX_CONDITIONS} conditions are accepted")]
    TooMany,
    /// One of them is wrong.
    #[error("conditions[{index}].{cause}")]
    Condition {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        cause: ConditionError,
    },
}

/// Checks conditions against the query of their definition.
///
/// # Errors
///
/// [`ConditionsError`] if there are too many, or for the first that cannot be asked.
pub fn check_all(conditions: &[Condition], query: &DcqlQuery) -> Result<(), ConditionsError> {
    if conditions.len() > MAX_CONDITIONS {
        return Err(ConditionsError::TooMany);
    }
    let check = |(index, condition): (usize, &Condition)| {
        condition.check_against(query).map_err(|cause| ConditionsError::Condition { index, cause })
    };
    conditions.iter().enumerate().try_for_each(check)
}

/// Whether all conditions hold at `now`, in seconds since 1970. Without conditions there is no question: true.
#[must_use]
pub fn verdict(conditions: &[Condition], selected: &[Selected], now: i64) -> bool {
    conditions.iter().all(|condition| condition.holds(selected, now))
}

impl Condition {
    /// Whether the condition can be asked together with this query.
    ///
    /// # Errors
    ///
    /// [`ConditionError`] if the query does not ask for the claim, or the value does not fit the operator.
    pub fn check_against(&self, query: &DcqlQuery) -> Result<(), ConditionError> {
        let Some(credential) = query.credential(&self.credential) else {
            return Err(ConditionError::Credential(self.credential.clone()));
        };
        if !credential.claims.iter().any(|claim| claim.path == self.path) {
            return Err(ConditionError::Path(self.path.clone()));
        }
        self.check_value().map_err(ConditionError::Value)
    }

    fn check_value(&self) -> Result<(), ValueError> {
        if self.operator == Operator::OneOf {
            let values = self.value.as_array().filter(|values| (1..=MAX_ONE_OF).contains(&values.len()));
            return values.ok_or(ValueError::NotList)?.iter().try_for_each(check_scalar);
        }
        if !self.operator.orders() {
            return check_scalar(&self.value);
        }
        if self.value.is_object() {
            return years_ago(&self.value).map(|_| ()).ok_or(ValueError::YearsAgo);
        }
        if let Value::Number(_) = self.value {
            return check_scalar(&self.value);
        }
        // Whether a date is one does not depend on today.
        Ordered::of(&self.value).map(|_| ()).ok_or(ValueError::NotOrdered)
    }

    /// Whether the condition holds for an answer at `now`, in seconds since 1970: at least one value was presented for its
    /// path, and every value that was (of each credential presented for the query, at each place that a `null` selects)
    /// satisfies it.
    ///
    /// So a claim that the answer lacks, because its credential or its claim set was optional, satisfies nothing, not even
    /// [`Operator::NotEqual`].
    #[must_use]
    pub fn holds(&self, selected: &[Selected], now: i64) -> bool {
        let credentials = selected.iter().filter(|selected| selected.id == self.credential);
        let claims = credentials.flat_map(|selected| &selected.claims);
        let mut values = claims.filter(|(path, _)| *path == self.path).map(|(_, value)| value).peekable();
        values.peek().is_some() && values.all(|value| self.satisfied_by(value, now))
    }

    fn satisfied_by(&self, claim: &Value, now: i64) -> bool {
        match self.operator {
            Operator::Equal => same(claim, &self.value),
            Operator::NotEqual => !same(claim, &self.value),
            Operator::OneOf => {
                self.value.as_array().is_some_and(|values| values.iter().any(|value| same(claim, value)))
            }
            Operator::Greater => self.order(claim, now).is_some_and(Ordering::is_gt),
            Operator::GreaterOrEqual => self.order(claim, now).is_some_and(Ordering::is_ge),
            Operator::Less => self.order(claim, now).is_some_and(Ordering::is_lt),
            Operator::LessOrEqual => self.order(claim, now).is_some_and(Ordering::is_le),
        }
    }

    /// How the claim lies to the value. None if they are not of one kind.
    fn order(&self, claim: &Value, now: i64) -> Option<Ordering> {
        let value = match years_ago(&self.value) {
            Some(years) => Ordered::Date(Date::of_unix(now).years_before(years)),
            None => Ordered::of(&self.value)?,
        };
        match (Ordered::of(claim)?, value) {
            (Ordered::Number(claim), Ordered::Number(value)) => Some(claim.cmp(&value)),
            (Ordered::Date(claim), Ordered::Date(value)) => Some(claim.cmp(&value)),
            (Ordered::Instant(claim), Ordered::Instant(value)) => Some(claim.cmp(&value)),
            _ => None,
        }
    }
}

/// What has an order.
enum Ordered {
    Number(Decimal),
    Date(Date),
    Instant(Instant),
}

impl Ordered {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Decimal::of(number).map(Self::Number),
            Value::String(text) => {
                Date::parse(text).map(Self::Date).or_else(|| Instant::parse(text).map(Self::Instant))
            }
            _ => None,
        }
    }
}

/// The number of years in `{"yearsAgo": n}`.
fn years_ago(value: &Value) -> Option<u16> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let years = object.get(YEARS_AGO)?.as_u64()?;
    u16::try_from(years).ok().filter(|&years| years <= MAX_YEARS_AGO)
}

fn check_scalar(value: &Value) -> Result<(), ValueError> {
    match value {
        Value::String(text) if text.len() > MAX_TEXT_LEN => Err(ValueError::TooLong),
        Value::String(_) | Value::Bool(_) => Ok(()),
        Value::Number(number) => Decimal::of(number).map(|_| ()).ok_or(ValueError::Number),
        _ => Err(ValueError::NotScalar),
    }
}

/// Whether two scalars are the same value: see [`Operator`].
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::String(left), Value::String(right)) => left == right || same_instant(left, right),
        (Value::Number(left), Value::Number(right)) => same_number(left, right),
        _ => false,
    }
}

/// Whether two numbers are equal, however they are written.
pub(crate) fn same_number(left: &serde_json::Number, right: &serde_json::Number) -> bool {
    Decimal::of(left).is_some_and(|left| Decimal::of(right) == Some(left))
}

fn same_instant(left: &str, right: &str) -> bool {
    Instant::parse(left).is_some_and(|left| Instant::parse(right) == Some(left))
}
