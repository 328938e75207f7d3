//! `did:web` identifiers and the issuer's DID document.

use std::fmt::Write;

use jose::PublicKey;
use serde_json::{Value, json};
use thiserror::Error;
use url::{Host, Url};

/// The longest URL that becomes a `did:web`, in bytes.
pub(super) const MAX_URL_SIZE: usize = 2048;

/// Why a URL has no `did:web`, or a `did:web` no URL.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum DidError {
    /// The text is not a URL, or is longer than 2048 bytes.
    #[error("this is not a URL of at most {MAX_URL_SIZE} bytes")]
    NotUrl,
    /// The scheme is neither `https` nor `http`.
    #[error("a did:web comes from an https or http URL")]
    Scheme,
    /// The host is an IPv6 address, which the syntax of DIDs cannot hold.
    #[error("a did:web cannot name an IPv6 address")]
    Host,
    /// The URL has a user, a password, a query or a fragment.
    #[error("the URL of a did:web has no user, password, query or fragment")]
    ExtraParts,
    /// A segment in the middle of the path is empty.
    #[error("the path of the URL has an empty segment")]
    EmptySegment,
    /// A `%` in the path does not begin a percent-encoded byte.
    #[error("the path of the URL has a \"%\" that is not followed by two hexadecimal digits")]
    Escape,
    /// The text is not a DID of the method `web`, or is longer than 2048 bytes.
    #[error("this is not a did:web of at most {MAX_URL_SIZE} bytes")]
    NotDidWeb,
    /// The first part of a `did:web` is not a host, with a port if there is one after `%3A`.
    #[error("the did:web does not name a host, with its port after %3A where it has one")]
    DidHost,
    /// The path of a `did:web` is not what can be a path in a URL.
    #[error(
        "the path of the did:web has a segment that is empty, \".\" or \"..\", or holds a character that it may not"
    )]
    DidPath,
}

/// The `did:web` of an issuer's base URL (did:web method specification).
///
/// `https://example.com:8443/t/acme` becomes `did:web:example.com%3A8443:t:acme`; a slash at the end is ignored, as
/// is the default port. Its document is expected at `/t/acme/did.json`, or at `/.well-known/did.json` when there is
/// no path.
///
/// Resolvers use `https` only, and the method excludes IP addresses. An `http` URL and an IPv4 address are accepted
/// all the same, because development servers have no other name; production is the caller's to enforce.
///
/// # Errors
/// [`DidError`] when the URL cannot be written as a `did:web`.
pub fn did_web(url: &str) -> Result<String, DidError> {
    if url.len() > MAX_URL_SIZE {
        return Err(DidError::NotUrl);
    }
    let url = Url::parse(url).map_err(|_| DidError::NotUrl)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(DidError::Scheme);
    }
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || url.query().is_some() || url.fragment().is_some() {
        return Err(DidError::ExtraParts);
    }
    let mut did = String::from("did:web:");
    match url.host().ok_or(DidError::NotUrl)? {
        Host::Domain(domain) => push_encoded(&mut did, domain),
        Host::Ipv4(address) => push_encoded(&mut did, &address.to_string()),
        Host::Ipv6(_) => return Err(DidError::Host),
    }
    if let Some(port) = url.port() {
        push_encoded(&mut did, &format!(":{port}"));
    }
    let path = url.path();
    for segment in path.strip_suffix('/').unwrap_or(path).split('/').skip(1) {
        if segment.is_empty() {
            return Err(DidError::EmptySegment);
        }
        if !has_whole_escapes(segment) {
            return Err(DidError::Escape);
        }
        did.push(':');
        push_encoded(&mut did, segment);
    }
    Ok(did)
}

/// Appends `text`, with everything that is not an `idchar` of DID Core (section 3.1) percent-encoded. What the URL
/// has percent-encoded already stays as it is.
fn push_encoded(did: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'%' => did.push(byte.into()),
            _ => write!(did, "%{byte:02X}").expect("writing to a string cannot fail"),
        }
    }
}

pub(super) fn has_whole_escapes(segment: &str) -> bool {
    segment.split('%').skip(1).all(|rest| {
        matches!(rest.as_bytes(), [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    })
}

/// A public key of an issuer under its key id.
#[derive(Clone, Copy, Debug)]
pub struct VerificationMethod<'a> {
    /// The key id: the fragment of the verification method's DID URL, and `kid` of the JWK.
    pub kid: &'a str,
    /// The key.
    pub key: &'a PublicKey,
}

/// The DID document of an issuer (DID Core, section 5): its keys, all for assertions, as `JsonWebKey2020`.
///
/// `also_known_as` lists the issuer's other identifiers. A key that must no longer verify is left out.
pub fn document(did: &str, also_known_as: &[&str], keys: &[VerificationMethod<'_>]) -> Value {
    let methods: Vec<Value> = keys.iter().map(|method| verification_method(did, method)).collect();
    let ids: Vec<Value> = methods.iter().map(|method| method["id"].clone()).collect();
    let mut document = json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": ids,
    });
    if !also_known_as.is_empty() {
        document["alsoKnownAs"] = json!(also_known_as);
    }
    document
}

fn verification_method(did: &str, method: &VerificationMethod<'_>) -> Value {
    let mut jwk = method.key.to_jwk();
    jwk["kid"] = json!(method.kid);
    jwk["alg"] = json!(method.key.algorithm().as_str());
    json!({
        "id": format!("{did}#{}", method.kid),
        "type": "JsonWebKey2020",
        "controller": did,
        "publicKeyJwk": jwk,
    })
}
