//! What the data model demands of a credential, as far as that can be said without JSON-LD.

use serde_json::{Map, Value};
use url::Url;

use super::{CONTEXT, Kind, Vcdm2Error};
use crate::date::instant;
use crate::json::{id_of, texts};

type Members = Map<String, Value>;

/// The longest URL, in bytes.
const MAX_URL_SIZE: usize = 2048;

/// VCDM 2.0, sections 4.3 to 4.11, and VC-JOSE-COSE, section 3.1.3, on claims that say the same thing twice.
pub(super) fn check_credential(credential: &Members) -> Result<(), Vcdm2Error> {
    check_common(credential, Kind::Credential)?;
    let issuer = credential.get("issuer").and_then(id_of).filter(|issuer| is_url(issuer));
    let issuer = issuer.ok_or_else(|| wrong("issuer", "a URL or an object with a URL as its \"id\""))?;
    let subject = credential.get("credentialSubject");
    let is_claims = |subject: &Value| subject.as_object().is_some_and(|claims| !claims.is_empty());
    match subject {
        Some(Value::Array(subjects)) if !subjects.is_empty() && subjects.iter().all(is_claims) => {}
        Some(subject) if is_claims(subject) => {}
        _ => return Err(wrong("credentialSubject", "an object with claims, or an array of them")),
    }
    let from = date(credential, "validFrom")?;
    let until = date(credential, "validUntil")?;
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        return Err(wrong("validUntil", "after \"validFrom\""));
    }
    check_typed(credential, "credentialStatus")?;
    check_typed(credential, "credentialSchema")?;
    agree(credential, "iss", Some(issuer))?;
    agree(credential, "sub", subject.and_then(|subject| subject.get("id")?.as_str()))
}

/// What credentials and presentations have in common.
pub(super) fn check_common(node: &Members, kind: Kind) -> Result<(), Vcdm2Error> {
    if !has_context(node.get("@context")) {
        return Err(wrong("@context", "an array that begins with https://www.w3.org/ns/credentials/v2"));
    }
    let types = node.get("type").and_then(texts).unwrap_or_default();
    if !types.contains(&kind.base_type()) {
        let what = match kind {
            Kind::Credential => "VerifiableCredential, with others or alone",
            Kind::Presentation => "VerifiablePresentation, with others or alone",
        };
        return Err(wrong("type", what));
    }
    let id = match node.get("id") {
        None => None,
        Some(id) => Some(id.as_str().filter(|id| is_url(id)).ok_or_else(|| wrong("id", "a URL"))?),
    };
    agree(node, "jti", id)
}

/// The base context first, then URLs and definitions.
pub(super) fn has_context(context: Option<&Value>) -> bool {
    match context {
        Some(Value::Array(contexts)) => {
            contexts.first().is_some_and(|first| first == CONTEXT)
                && contexts.iter().all(|context| context.is_string() || context.is_object())
        }
        Some(context) => context == CONTEXT,
        None => false,
    }
}

/// One node or several, each with a `type`.
fn check_typed(credential: &Members, name: &'static str) -> Result<(), Vcdm2Error> {
    let is_typed = |node: &Value| node.get("type").and_then(texts).is_some_and(|types| !types.is_empty());
    match credential.get(name) {
        None => Ok(()),
        Some(Value::Array(nodes)) if nodes.iter().all(is_typed) => Ok(()),
        Some(node) if is_typed(node) => Ok(()),
        Some(_) => Err(wrong(name, "an object with a \"type\", or an array of them")),
    }
}

/// Whether the JWT claim `name`, if it is there, is equal to its counterpart, if that is there.
pub(super) fn agree(
    claims: &Members,
    name: &'static str,
    counterpart: Option<&str>,
) -> Result<(), Vcdm2Error> {
    match (claims.get(name), counterpart) {
        (Some(claim), Some(counterpart)) if claim != counterpart => Err(Vcdm2Error::Contradiction(name)),
        _ => Ok(()),
    }
}

fn date(credential: &Members, name: &'static str) -> Result<Option<i64>, Vcdm2Error> {
    let read = |value: &Value| {
        let seconds = value.as_str().and_then(instant);
        seconds.ok_or_else(|| wrong(name, "a date and time with an offset from UTC"))
    };
    credential.get(name).map(read).transpose()
}

pub(super) fn is_url(text: &str) -> bool {
    text.len() <= MAX_URL_SIZE && Url::parse(text).is_ok()
}

pub(super) fn wrong(at: &'static str, what: &'static str) -> Vcdm2Error {
    Vcdm2Error::Member { at, what }
}
