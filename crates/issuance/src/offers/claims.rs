//! The claims of an offer: texts with types on the wire, JSON in a credential.

use std::collections::{HashMap, HashSet};

use model::{DataType, OfferClaim, Timestamp};
use serde_json::{Map, Number, Value};

use super::OfferError;
use crate::catalog::ActiveProgram;
use crate::subject::ClaimType;

/// How many claims an offer has at most.
const MOST: usize = 100;
/// How many bytes a claim's value has at most.
const LONGEST: usize = 10_000;

/// A claim, as the dialect read it.
#[derive(Clone, Debug)]
pub struct ClaimInput {
    /// `dataType`; that of the program's claim if absent.
    pub data_type: Option<String>,
    /// `claimName`.
    pub name: String,
    /// `claimValue`: a JSON string, number or boolean.
    pub value: Value,
}

/// The claim's value as text, byte for byte as it was sent.
fn text(input: &ClaimInput) -> Result<String, OfferError> {
    let invalid = |problem: &str| Err(OfferError::claim_invalid(&input.name, problem));
    let text = match &input.value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(bool) => bool.to_string(),
        _ => return invalid("claimValue is a string, a number or a boolean"),
    };
    if text.len() > LONGEST {
        return invalid(&format!("claimValue is longer than {LONGEST} bytes"));
    }
    Ok(text)
}

fn data_type(input: &ClaimInput, expected: DataType) -> Result<DataType, OfferError> {
    let Some(word) = &input.data_type else { return Ok(expected) };
    let given: DataType = word.parse().map_err(|_| {
        let problem = "dataType is none of string, number, boolean, date, image";
        OfferError::claim_invalid(&input.name, problem)
    })?;
    if given == expected {
        return Ok(given);
    }
    Err(OfferError::claim_invalid(
        &input.name,
        format!("dataType is {given}, but the credential has {expected}"),
    ))
}

/// The value as a credential holds it. An image's is where it is served.
fn json(claim: &OfferClaim, image_url: impl Fn(&str) -> String) -> Result<Value, OfferError> {
    let invalid = |problem: &str| OfferError::claim_invalid(&claim.claim_name, problem);
    let text = claim.claim_value.as_str();
    Ok(match claim.data_type {
        DataType::String => Value::String(text.to_owned()),
        DataType::Number => {
            let number: Result<Number, _> = text.parse();
            Value::Number(number.map_err(|_| invalid("claimValue is no number"))?)
        }
        DataType::Boolean => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(invalid("claimValue is neither true nor false")),
        },
        DataType::Date if is_date(text) => Value::String(text.to_owned()),
        DataType::Date => {
            return Err(invalid("claimValue is no date such as 2025-06-20 or 2025-06-20T06:44:22Z"));
        }
        DataType::Image => Value::String(image_url(text)),
    })
}

/// RFC 3339: `full-date` or `date-time`.
fn is_date(text: &str) -> bool {
    let shaped = |text: &str| {
        text.len() == 10
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            })
    };
    Timestamp::parse_rfc3339(text).is_some()
        || (shaped(text) && Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")).is_some())
}

/// The subject that claims make.
pub(crate) fn subject(
    claims: &[OfferClaim],
    image_url: impl Fn(&str) -> String,
) -> Result<Map<String, Value>, OfferError> {
    claims.iter().map(|claim| Ok((claim.claim_name.clone(), json(claim, &image_url)?))).collect()
}

/// Checks claims against the program, and gives each an id. Whether images are there is left to [`images`].
pub(super) fn check(
    active: &ActiveProgram,
    inputs: &[ClaimInput],
    mut id: impl FnMut() -> String,
    image_url: impl Fn(&str) -> String,
) -> Result<Vec<OfferClaim>, OfferError> {
    if inputs.len() > MOST {
        return Err(OfferError::invalid(format!("claims holds at most {MOST}.")));
    }
    let known: HashMap<&str, &ClaimType> =
        active.schema.claims().iter().map(|claim| (claim.name.as_str(), claim)).collect();
    let mut seen = HashSet::new();
    let mut claims = Vec::with_capacity(inputs.len());
    for input in inputs {
        let Some(expected) = known.get(input.name.as_str()).and_then(|claim| claim.data_type) else {
            return Err(not_supported(active, &input.name));
        };
        if !seen.insert(input.name.as_str()) {
            return Err(OfferError::ClaimDuplicate(input.name.clone()));
        }
        claims.push(OfferClaim {
            id: id(),
            data_type: data_type(input, expected)?,
            claim_name: input.name.clone(),
            claim_value: text(input)?,
        });
    }
    if let Some(missing) =
        active.schema.claims().iter().find(|claim| claim.required && !seen.contains(claim.name.as_str()))
    {
        return Err(OfferError::ClaimMissing(missing.name.clone()));
    }
    let subject = subject(&claims, image_url)?;
    active.schema.check(&subject, None).map_err(|violations| {
        let first = &violations[0];
        let name = first.path.trim_start_matches('/').split('/').next().unwrap_or_default();
        OfferError::claim_invalid(name, first.problem.clone())
    })?;
    Ok(claims)
}

fn not_supported(active: &ActiveProgram, name: &str) -> OfferError {
    let known: Vec<&str> = active
        .schema
        .claims()
        .iter()
        .filter(|claim| claim.data_type.is_some())
        .map(|claim| claim.name.as_str())
        .collect();
    let name = name.chars().take(100).collect();
    OfferError::ClaimNotSupported { name, known: known.join(", ") }
}

/// The ids of the images that claims name.
pub(super) fn images(claims: &[OfferClaim]) -> impl Iterator<Item = &str> {
    claims.iter().filter(|claim| claim.data_type == DataType::Image).map(|claim| claim.claim_value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(data_type: DataType, value: &str) -> OfferClaim {
        OfferClaim { id: String::new(), data_type, claim_name: "c".into(), claim_value: value.into() }
    }

    #[test]
    fn values_become_json_of_their_type() {
        let json = |data_type, value| json(&claim(data_type, value), |id| format!("https://x/{id}")).ok();
        assert_eq!(json(DataType::String, "<a & b> \u{1f642}"), Some("<a & b> \u{1f642}".into()));
        assert_eq!(json(DataType::Number, "12.50").map(|v| v.to_string()), Some("12.50".into()));
        // The same number, in the form that our JSON library gives it.
        assert_eq!(json(DataType::Number, "1e3").map(|v| v.to_string()), Some("1e+3".into()));
        assert_eq!(json(DataType::Boolean, "true"), Some(true.into()));
        assert_eq!(json(DataType::Date, "2024-02-29"), Some("2024-02-29".into()));
        assert_eq!(json(DataType::Date, "2025-06-20T06:44:22.629Z"), Some("2025-06-20T06:44:22.629Z".into()));
        assert_eq!(json(DataType::Image, "i"), Some("https://x/i".into()));
        for (data_type, value) in [
            (DataType::Number, ""),
            (DataType::Number, "1,5"),
            (DataType::Number, "NaN"),
            (DataType::Number, " 1"),
            (DataType::Number, "0x10"),
            (DataType::Boolean, "TRUE"),
            (DataType::Boolean, "1"),
            (DataType::Date, "2025-02-29"),
            (DataType::Date, "20250620"),
            (DataType::Date, "20.06.2025"),
            (DataType::Date, ""),
        ] {
            assert_eq!(json(data_type, value), None, "{data_type} {value}");
        }
    }
}
