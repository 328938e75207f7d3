//! E-mail addresses as they identify people.

/// Why a text is no e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// Over 254 characters (RFC 5321, section 4.5.3.1.3).
    #[error("is longer than 254 characters")]
    TooLong,
    /// Not `local@domain`.
    #[error("is not of the form name@domain")]
    Form,
}

/// An e-mail address, kept as it was written (trimmed), compared without regard to case.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    written: String,
    key: String,
}

impl Email {
    /// Reads an address: `local@domain` with a local part of 1 to 64 characters and a domain of dot-separated labels.
    /// Quoted local parts and comments are refused; letters of any script are accepted (RFC 6531).
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let written = text.trim();
        if written.is_empty() {
            return Err(EmailError::Empty);
        }
        if written.len() > 254 {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = written.rsplit_once('@').ok_or(EmailError::Form)?;
        if !local_is_valid(local) || !domain_is_valid(domain) {
            return Err(EmailError::Form);
        }
        Ok(Self { written: written.to_owned(), key: written.to_lowercase() })
    }

    /// As it was written, without white space around it.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The form by which two addresses are the same person.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// An address is personal data: its debug form, which may reach a log, does not show it.
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(..)")
    }
}

fn local_is_valid(local: &str) -> bool {
    (1..=64).contains(&local.len())
        && local.split('.').all(|atom| {
            !atom.is_empty() && atom.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
        })
}

fn domain_is_valid(domain: &str) -> bool {
    !domain.is_empty()
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_what_was_written_and_folds_for_comparison() {
        let email = Email::parse("  Ada.Lovelace+x@Example.COM ").expect("valid");
        assert_eq!(email.as_str(), "Ada.Lovelace+x@Example.COM");
        assert_eq!(email.key(), "ada.lovelace+x@example.com");
        assert_eq!(format!("{email:?}"), "Email(..)");
    }

    #[test]
    fn refuses_what_is_no_address() {
        for (text, error) in [
            ("", EmailError::Empty),
            (" \t", EmailError::Empty),
            ("ada", EmailError::Form),
            ("@example.com", EmailError::Form),
            ("ada@", EmailError::Form),
            ("a b@example.com", EmailError::Form),
            ("a@b@example.com", EmailError::Form),
            ("ada@exa mple.com", EmailError::Form),
            ("ada@-example.com", EmailError::Form),
            ("ada@example..com", EmailError::Form),
            (".ada@example.com", EmailError::Form),
            ("ada\n@example.com", EmailError::Form),
            ("<ada@example.com>", EmailError::Form),
        ] {
            assert_eq!(Email::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(Email::parse(&format!("a@{}.com", "x".repeat(260))), Err(EmailError::TooLong));
    }

    proptest! {
        #[test]
        fn never_panics_and_folding_is_stable(text in ".{0,40}@.{0,40}") {
            if let Ok(email) = Email::parse(&text) {
                let again = Email::parse(email.key()).map(|e| e.key().to_owned());
                prop_assert_eq!(again.as_deref().ok(), Some(email.key()));
            }
        }
    }
}
