//! Addresses in the form that mail uses on its way.

use lettre::Address;
use model::Email;
use url::Host;

/// The address to send to, with its domain in the ASCII form of the DNS (RFC 5890), so that only a local part beyond ASCII
/// asks the server for SMTPUTF8. Nothing if no mail can be sent there.
pub(crate) fn deliverable(email: &Email) -> Option<Address> {
    let (local, domain) = email.as_str().rsplit_once('@')?;
    Address::new(local, ascii_domain(domain)?).ok()
}

/// A domain in ASCII.
pub(crate) fn ascii_domain(domain: &str) -> Option<String> {
    if domain.is_ascii() {
        return Some(domain.to_owned());
    }
    match Host::parse(domain) {
        Ok(Host::Domain(ascii)) => Some(ascii),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> Option<String> {
        deliverable(&Email::parse(text).expect("an address")).map(|address| address.to_string())
    }

    #[test]
    fn domains_become_ascii_and_local_parts_stay() {
        assert_eq!(address("Ada+x@Example.COM").as_deref(), Some("Ada+x@Example.COM"));
        assert_eq!(address("ada@bücher.example").as_deref(), Some("ada@xn--bcher-kva.example"));
        assert_eq!(address("björn@example.com").as_deref(), Some("björn@example.com"));
        assert_eq!(address("ada@example.xn--\u{e4}"), None);
    }

    proptest! {
        #[test]
        fn what_comes_out_has_no_room_for_commands(text in "\\PC{1,20}@[\\p{L}\\p{N}.-]{1,30}") {
            if let Some(address) = Email::parse(&text).ok().as_ref().and_then(deliverable) {
                prop_assert!(address.domain().is_ascii());
                let text = address.to_string();
                prop_assert!(!text.contains(|c: char| c.is_control() || c.is_whitespace() || "<>\",;:".contains(c)), "{}", text);
            }
        }
    }
}
