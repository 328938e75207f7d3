//! What a holder does: choose what to disclose, and sign for a verifier (RFC 9901, section 7.2).

use std::collections::{HashMap, HashSet};

use jose::SigningKey;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::disclosure::{Disclosure, digest};
use super::key_binding::KEY_BINDING_TYP;
use super::process::{ProcessError, SdJwt};
use super::{ARRAY_DIGEST_KEY, DIGESTS_KEY, MAX_DEPTH};
use crate::json;

/// One step of the path from the payload to a claim.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum PathStep {
    /// A member of an object.
    Name(String),
    /// An element of an array, counted as the issuer wrote it: withheld elements have their numbers.
    Index(usize),
}

/// An SD-JWT with fewer disclosures and without Key Binding JWT: `<JWT>~<disclosure>~...~`.
///
/// `keep` is asked once for each disclosure, by the path of its claim; that of a nested claim begins with that of the
/// claim around it. A disclosure stays if `keep` says so, or if a claim inside it stays, which could not be found without
/// it. Disclosures stay in their order; one that no digest refers to is dropped. Nothing is verified: the holder did that
/// when the credential was received.
///
/// # Errors
/// [`ProcessError`] when the text is not an SD-JWT.
pub fn present(text: &str, keep: &mut dyn FnMut(&[PathStep]) -> bool) -> Result<String, ProcessError> {
    let sd_jwt = SdJwt::parse(text)?;
    let mut chooser = Chooser::new(sd_jwt.disclosures(), keep)?;
    let payload: Map<String, Value> = json::from_payload(sd_jwt.issuer_jwt().payload())?;
    chooser.value(&Value::Object(payload), 1)?;
    let kept = chooser.kept;
    let (jwt, _) = text.split_once('~').ok_or(ProcessError::NotSdJwt)?;
    let mut presentation = format!("{jwt}~");
    for disclosure in sd_jwt.disclosures().iter().filter(|disclosure| kept.contains(*disclosure)) {
        presentation.push_str(disclosure);
        presentation.push('~');
    }
    Ok(presentation)
}

/// Walks the payload and the disclosures that it refers to.
struct Chooser<'a, 'b> {
    /// Disclosures that no digest has referred to so far, by digest.
    pending: HashMap<String, (&'a str, Disclosure)>,
    kept: HashSet<&'a str>,
    path: Vec<PathStep>,
    keep: &'b mut dyn FnMut(&[PathStep]) -> bool,
}

impl<'a, 'b> Chooser<'a, 'b> {
    fn new(
        disclosures: &[&'a str],
        keep: &'b mut dyn FnMut(&[PathStep]) -> bool,
    ) -> Result<Self, ProcessError> {
        let mut pending = HashMap::with_capacity(disclosures.len());
        for (position, encoded) in (1..).zip(disclosures) {
            let disclosure =
                Disclosure::parse(encoded).map_err(|reason| ProcessError::Disclosure { position, reason })?;
            pending.insert(digest(encoded.as_bytes()), (*encoded, disclosure));
        }
        Ok(Self { pending, kept: HashSet::new(), path: Vec::new(), keep })
    }

    /// Visits what lies in `value`, and tells whether a disclosure in it is kept.
    fn value(&mut self, value: &Value, depth: usize) -> Result<bool, ProcessError> {
        match value {
            Value::Object(_) | Value::Array(_) if depth > MAX_DEPTH => Err(ProcessError::TooDeep),
            Value::Object(members) => self.object(members, depth),
            Value::Array(elements) => self.array(elements, depth),
            _ => Ok(false),
        }
    }

    fn object(&mut self, members: &Map<String, Value>, depth: usize) -> Result<bool, ProcessError> {
        let mut any = false;
        for (name, value) in members.iter().filter(|(name, _)| *name != DIGESTS_KEY) {
            self.path.push(PathStep::Name(name.clone()));
            any |= self.value(value, depth + 1)?;
            self.path.pop();
        }
        let digests = members.get(DIGESTS_KEY).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for digest in digests {
            let digest = digest.as_str().ok_or(ProcessError::MalformedDigests)?;
            match self.pending.remove(digest) {
                None => {}
                Some((encoded, Disclosure::ObjectProperty { name, value })) => {
                    any |= self.disclosure(PathStep::Name(name), encoded, &value, depth)?;
                }
                Some(_) => return Err(ProcessError::WrongKind(digest.to_owned())),
            }
        }
        Ok(any)
    }

    fn array(&mut self, elements: &[Value], depth: usize) -> Result<bool, ProcessError> {
        let mut any = false;
        for (index, element) in elements.iter().enumerate() {
            let step = PathStep::Index(index);
            let Some(digest) = element.get(ARRAY_DIGEST_KEY) else {
                self.path.push(step);
                any |= self.value(element, depth + 1)?;
                self.path.pop();
                continue;
            };
            let digest = digest.as_str().ok_or(ProcessError::MalformedDigests)?;
            match self.pending.remove(digest) {
                None => {}
                Some((encoded, Disclosure::ArrayElement { value })) => {
                    any |= self.disclosure(step, encoded, &value, depth)?;
                }
                Some(_) => return Err(ProcessError::WrongKind(digest.to_owned())),
            }
        }
        Ok(any)
    }

    fn disclosure(
        &mut self,
        step: PathStep,
        encoded: &'a str,
        value: &Value,
        depth: usize,
    ) -> Result<bool, ProcessError> {
        self.path.push(step);
        let wanted = (self.keep)(&self.path);
        let kept = self.value(value, depth + 1)? || wanted;
        self.path.pop();
        if kept {
            self.kept.insert(encoded);
        }
        Ok(kept)
    }
}

/// What a holder signs for a verifier.
#[derive(Clone, Copy, Debug)]
pub struct KeyBindingClaims<'a> {
    /// The nonce that the verifier gave.
    pub nonce: &'a str,
    /// The verifier, as it calls itself.
    pub audience: &'a str,
    /// Now, in seconds since the Unix epoch.
    pub iat: i64,
    /// For each item of transaction data that this credential agrees to: base64url of SHA-256 over its text as it stands
    /// in the request (OpenID4VP 1.0, appendix B.3.3.1).
    pub transaction_data_hashes: &'a [String],
}

/// The payload of a Key Binding JWT, in the order in which it is written.
#[derive(Serialize)]
struct Payload<'a> {
    iat: i64,
    aud: &'a str,
    nonce: &'a str,
    sd_hash: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    transaction_data_hashes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_data_hashes_alg: Option<&'static str>,
}

/// The payload of the Key Binding JWT for a presentation that ends with `~`, as [`present`] makes it (RFC 9901, section
/// 4.3).
pub fn key_binding_payload(presentation: &str, claims: &KeyBindingClaims<'_>) -> Vec<u8> {
    json::to_bytes(&Payload {
        iat: claims.iat,
        aud: claims.audience,
        nonce: claims.nonce,
        sd_hash: digest(presentation.as_bytes()),
        transaction_data_hashes: claims.transaction_data_hashes,
        transaction_data_hashes_alg: (!claims.transaction_data_hashes.is_empty()).then_some(super::SD_ALG),
    })
}

/// A presentation with its Key Binding JWT: the SD-JWT+KB that goes to the verifier.
pub fn bind(presentation: &str, claims: &KeyBindingClaims<'_>, holder: &SigningKey) -> String {
    let header = json!({ "typ": KEY_BINDING_TYP });
    let jwt = holder.sign_compact(&header, &key_binding_payload(presentation, claims));
    format!("{presentation}{jwt}")
}
