//! Values of options, read from text.

use std::str::FromStr;

use model::{DuplicateScope, Email, Format, OfferDraft, ProofAlgorithm, Role, Timestamp, TxCodeMode};

/// The longest validity that can be asked for: 1000 years, well within the calendar of every format.
const LONGEST: i64 = 1000 * 365 * 86_400;

/// A value that can be taken away again: `none`, or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrNone<T>(pub(crate) Option<T>);

impl<T: FromStr<Err: ToString>> FromStr for OrNone<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self(None)),
            text => text.parse().map(|value| Self(Some(value))).map_err(|error: T::Err| error.to_string()),
        }
    }
}

/// A span of time: a number and `s`, `m`, `h`, `d`, `w` or `y` (365 days).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Seconds; at least one.
    pub(crate) seconds: i64,
}

impl FromStr for Span {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const FORM: &str =
            "a time is a number of at least 1 and a unit, at most 1000y: 90s, 30m, 12h, 365d, 2w, 1y";
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &text[number.len()..] {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            "y" => 365 * 86_400,
            _ => return Err(FORM),
        };
        let number: u32 = number.parse().map_err(|_| FORM)?;
        let seconds = i64::from(number) * unit;
        if (1..=LONGEST).contains(&seconds) { Ok(Self { seconds }) } else { Err(FORM) }
    }
}

/// A moment in RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let moment = Timestamp::parse_rfc3339(text);
        moment.map(Self).ok_or("a moment is written as in RFC 3339: 2026-01-31T09:00:00Z")
    }
}

/// Reads a credential format.
pub(crate) fn format(text: &str) -> Result<Format, String> {
    text.parse().map_err(|error: model::UnknownFormat| error.to_string())
}

/// Reads an edition of OpenID4VCI.
pub(crate) fn draft(text: &str) -> Result<OfferDraft, String> {
    text.parse().map_err(|_| "an edition is one of 1.0, 15, 13, 11".to_owned())
}

/// Reads a kind of transaction code, or none.
pub(crate) fn tx_code(text: &str) -> Result<OrNone<TxCodeMode>, String> {
    match text {
        "none" => Ok(OrNone(None)),
        text => match text.parse() {
            Ok(mode) => Ok(OrNone(Some(mode))),
            Err(_) => Err("a transaction code is numeric or text, or none".to_owned()),
        },
    }
}

/// Reads an algorithm of proofs.
pub(crate) fn proof_algorithm(text: &str) -> Result<ProofAlgorithm, String> {
    text.parse().map_err(|_| "an algorithm of proofs is one of ES256, ES256K, EdDSA".to_owned())
}

/// Reads a role.
pub(crate) fn role(text: &str) -> Result<Role, String> {
    let roles = Role::words();
    text.parse().map_err(|_| format!("a role is one of {roles}"))
}

/// Reads an e-mail address.
pub(crate) fn email(text: &str) -> Result<Email, String> {
    Email::parse(text).map_err(|error| format!("the address {error}"))
}

/// What counts as a duplicate.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Scope {
    /// A live credential of the same program
    Program,
    /// A live credential of the same schema, whatever the program
    Schema,
}

impl From<Scope> for DuplicateScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Program => Self::Program,
            Scope::Schema => Self::Schema,
        }
    }
}

/// The word for a scope, as the option takes it.
pub(crate) const fn scope_word(scope: DuplicateScope) -> &'static str {
    match scope {
        DuplicateScope::Program => "program",
        DuplicateScope::Schema => "schema",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit_and_limits() {
        for (text, seconds) in
            [("90s", 90), ("30m", 1_800), ("12h", 43_200), ("365d", 31_536_000), ("1y", 31_536_000)]
        {
            assert_eq!(text.parse(), Ok(Span { seconds }), "{text}");
        }
        for text in ["", "d", "0d", "-1d", "1", "1.5d", "1x", "1d1h", "1001y", "99999999999s", "1ä", "ä"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_role_is_written_as_in_the_api() {
        assert_eq!(role("Issuer_Auditor"), Ok(Role::Auditor));
        assert_eq!(
            role("admin"),
            Err("a role is one of Issuer_Admin, Issuer_User, Issuer_Auditor, Verifier_Admin, Verifier_User, Verifier_Auditor"
                .to_owned())
        );
    }

    #[test]
    fn none_takes_a_value_away() {
        assert_eq!("none".parse(), Ok(OrNone::<Span>(None)));
        assert_eq!("2w".parse(), Ok(OrNone(Some(Span { seconds: 1_209_600 }))));
        assert_eq!("5".parse(), Ok(OrNone(Some(5_i64))));
        assert!("no".parse::<OrNone<i64>>().is_err());
        assert!("yesterday".parse::<OrNone<Moment>>().is_err());
    }
}
