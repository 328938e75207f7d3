//! Errors as people read them.

use issuance::OfferError;

/// An error of the credential-offers dialect, as the operator reads it: a caller is not told the cause of a failure of ours,
/// an operator is.
pub(crate) fn for_operator(error: OfferError) -> anyhow::Error {
    match error {
        OfferError::Internal(cause) => cause.into(),
        error => error.into(),
    }
}

/// An error and its causes on one line. Some errors say in their text what their cause says: that is said once.
pub(crate) fn explain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[derive(Debug, thiserror::Error)]
    #[error("outer: {0}")]
    struct Outer(#[from] std::num::ParseIntError);

    #[test]
    fn says_everything_once() {
        let cause = "x".parse::<u8>().unwrap_err();
        let error = anyhow::Error::from(Outer(cause)).context("reading a number");
        assert_eq!(super::explain(&error), "reading a number: outer: invalid digit found in string");
    }
}
