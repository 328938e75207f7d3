//! From a `did:web` to the URL of its document (did:web method specification, section 3.2).

use std::net::Ipv4Addr;

use super::DidError;
use super::web::{MAX_URL_SIZE, has_whole_escapes};

/// The longest `did:web` that is read, in bytes.
pub const MAX_DID_SIZE: usize = MAX_URL_SIZE;

/// The URL of the document of a `did:web`: `/.well-known/did.json` of the host, or `did.json` below the path.
///
/// `did:web:example.com%3A8443:t:acme` gives `https://example.com:8443/t/acme/did.json`. The DID comes without fragment.
///
/// Resolvers use `https` only. With `allow_http`, for development, the URL is an `http` one where the host has a port, is
/// `localhost` or is a loopback address: a DID does not say which it is. IPv4 addresses are let through, which the method
/// excludes; whether an address may be asked is for the client to decide.
///
/// # Errors
/// [`DidError::NotDidWeb`], [`DidError::DidHost`] or [`DidError::DidPath`].
pub fn web_url(did: &str, allow_http: bool) -> Result<String, DidError> {
    if did.len() > MAX_DID_SIZE {
        return Err(DidError::NotDidWeb);
    }
    let id = did.strip_prefix("did:web:").ok_or(DidError::NotDidWeb)?;
    let mut parts = id.split(':');
    let authority = parts.next().ok_or(DidError::DidHost)?;
    let (host, port) = split_authority(authority).ok_or(DidError::DidHost)?;
    let path: Vec<&str> = parts.collect();
    if !path.iter().copied().all(is_segment) {
        return Err(DidError::DidPath);
    }
    let is_local = port.is_some() || host == "localhost" || is_loopback(host);
    let scheme = if allow_http && is_local { "http" } else { "https" };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = if path.is_empty() { ".well-known".to_owned() } else { path.join("/") };
    Ok(format!("{scheme}://{host}{port}/{path}/did.json"))
}

/// The host and the port, which is separated by an encoded colon.
fn split_authority(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.find('%') {
        None => (authority, None),
        Some(at) => {
            let port = authority[at..].strip_prefix("%3A").or_else(|| authority[at..].strip_prefix("%3a"))?;
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
            (&authority[..at], Some(port.parse().ok().filter(|_| is_number)?))
        }
    };
    // Labels of letters, digits and hyphens (RFC 1123, section 2.1); other names are written in Punycode.
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    (host.len() <= 253 && host.split('.').all(is_label)).then_some((host, port))
}

/// Whether a part of the DID can be a segment of a path. A URL library would take an encoded dot for a dot.
fn is_segment(part: &str) -> bool {
    let plain = part.to_ascii_lowercase().replace("%2e", ".");
    !plain.is_empty()
        && plain != "."
        && plain != ".."
        && has_whole_escapes(part)
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'%'))
}

fn is_loopback(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}
