//! Parsing and verification of an SD-JWT (RFC 9901, section 7.1).

use std::collections::{HashMap, HashSet};

use jose::{Jws, JwsError, PublicKey};
use serde_json::{Map, Value};
use thiserror::Error;

use super::disclosure::{Disclosure, DisclosureError, digest};
use super::{
    ARRAY_DIGEST_KEY, DIGESTS_KEY, MAX_DEPTH, MAX_DISCLOSURES, MAX_SIZE, NOT_DISCLOSABLE, SD_ALG, TYP,
};
use crate::json::{self, PayloadError};

/// Why an SD-JWT is refused.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// The text is longer than [`MAX_SIZE`].
    #[error("the SD-JWT is longer than {MAX_SIZE} bytes")]
    TooLarge,
    /// The text has no `~`.
    #[error("this is not an SD-JWT: there is no \"~\" after the issuer-signed JWT")]
    NotSdJwt,
    /// There are more than [`MAX_DISCLOSURES`] disclosures.
    #[error("the SD-JWT has more than {MAX_DISCLOSURES} disclosures")]
    TooManyDisclosures,
    /// The issuer-signed JWT is malformed, or its signature does not verify.
    #[error("the issuer-signed JWT: {0}")]
    Jws(#[from] JwsError),
    /// What follows the last `~` is not a JWT.
    #[error("the Key Binding JWT: {0}")]
    KeyBindingJws(#[source] JwsError),
    /// The payload is not a JSON object.
    #[error("the payload of the issuer-signed JWT: {0}")]
    Payload(#[from] PayloadError),
    /// `_sd_alg` is not `sha-256`.
    #[error("the digest algorithm in \"_sd_alg\" is not sha-256")]
    DigestAlgorithm,
    /// A disclosure cannot be parsed.
    #[error("disclosure {position}: {reason}")]
    Disclosure {
        /// Position among the disclosures, from 1.
        position: usize,
        /// What is wrong with it.
        reason: DisclosureError,
    },
    /// The same disclosure is given twice.
    #[error("disclosure {position} is given twice")]
    DuplicateDisclosure {
        /// Position of the second, from 1.
        position: usize,
    },
    /// `_sd` is not an array of strings, or `...` stands anywhere but alone, with a string, in an array element.
    #[error("a member \"_sd\" or \"...\" does not hold digests in the way of RFC 9901")]
    MalformedDigests,
    /// A digest occurs more than once in the payload and the disclosures.
    #[error("digest {0:?} occurs more than once")]
    DuplicateDigest(String),
    /// An object's digest belongs to a disclosure for an array element, or the reverse.
    #[error("the disclosure with digest {0:?} is not of the kind that its place demands")]
    WrongKind(String),
    /// A disclosed claim exists already in its object.
    #[error("the disclosed claim {0:?} exists already in its object")]
    ClaimExists(String),
    /// No digest refers to some of the disclosures.
    #[error("{0} disclosures are not referenced by any digest")]
    Unreferenced(usize),
    /// Objects and arrays nest deeper than [`MAX_DEPTH`].
    #[error("the claims nest deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// The `typ` of the JWT is not that of an SD-JWT VC.
    #[error("the \"typ\" of the issuer-signed JWT is not {TYP:?}")]
    NotSdJwtVc,
    /// `vct` is missing or not a string.
    #[error("the credential has no type: \"vct\" is not a string")]
    NoType,
    /// A claim that SD-JWT VC forbids to disclose selectively came from a disclosure.
    #[error("the claim {0:?} must not be selectively disclosable")]
    NotDisclosable(&'static str),
}

/// The claims of an SD-JWT after verification: the disclosed ones in their places, without digests.
pub type Verified = Map<String, Value>;

/// An SD-JWT or SD-JWT+KB, split into its parts; nothing is verified yet.
#[derive(Clone, Debug)]
pub struct SdJwt<'a> {
    issuer_jwt: Jws<'a>,
    disclosures: Vec<&'a str>,
    key_binding_jwt: Option<Jws<'a>>,
    /// Everything up to the last tilde, which is part of it.
    presented: &'a str,
}

impl<'a> SdJwt<'a> {
    /// Splits `<JWT>~<disclosure>~...~[<KB-JWT>]` (RFC 9901, section 4) and parses the JWTs.
    ///
    /// # Errors
    /// [`ProcessError`] when a limit is exceeded or the text is not of this form.
    pub fn parse(text: &'a str) -> Result<Self, ProcessError> {
        if text.len() > MAX_SIZE {
            return Err(ProcessError::TooLarge);
        }
        let (jwt, rest) = text.split_once('~').ok_or(ProcessError::NotSdJwt)?;
        let (disclosures, key_binding_jwt) = match rest.rsplit_once('~') {
            Some((disclosures, last)) => (disclosures.split('~').collect(), last),
            None => (Vec::new(), rest),
        };
        if disclosures.len() > MAX_DISCLOSURES {
            return Err(ProcessError::TooManyDisclosures);
        }
        Ok(Self {
            issuer_jwt: Jws::parse_foreign(jwt, MAX_SIZE)?,
            disclosures,
            key_binding_jwt: match key_binding_jwt {
                "" => None,
                jwt => Some(Jws::parse_within(jwt, MAX_SIZE).map_err(ProcessError::KeyBindingJws)?),
            },
            presented: &text[..text.len() - key_binding_jwt.len()],
        })
    }

    /// What the Key Binding JWT is bound to: everything up to the last `~`, which is part of it (RFC 9901, section 4.3.1).
    pub fn sd_hash_input(&self) -> &'a str {
        self.presented
    }

    /// `sd_hash` of the Key Binding JWT: base64url of SHA-256 over [`sd_hash_input`](Self::sd_hash_input). SHA-256 because
    /// [`process`](Self::process) accepts no other `_sd_alg`.
    pub fn sd_hash(&self) -> String {
        digest(self.presented.as_bytes())
    }

    /// The disclosures, as they were given.
    pub(super) fn disclosures(&self) -> &[&'a str] {
        &self.disclosures
    }

    /// The issuer-signed JWT, not verified: its header and payload say which issuer's key to fetch.
    pub fn issuer_jwt(&self) -> &Jws<'a> {
        &self.issuer_jwt
    }

    /// The Key Binding JWT, not verified, when the holder presented one.
    pub fn key_binding_jwt(&self) -> Option<&Jws<'a>> {
        self.key_binding_jwt.as_ref()
    }

    /// Verifies the issuer's signature and all disclosures, and returns the processed payload (RFC 9901,
    /// section 7.1, steps 2 to 5).
    ///
    /// Left to the caller: that the key belongs to the issuer, `exp` and `nbf`, the status, the key binding.
    ///
    /// # Errors
    /// [`ProcessError`] for every reason for which section 7.1 demands to reject the SD-JWT.
    pub fn process(&self, issuer_key: &PublicKey) -> Result<Verified, ProcessError> {
        self.resolve(self.verified_payload(issuer_key)?)
    }

    /// Like [`process`](Self::process), for an SD-JWT VC: `typ` must be [`TYP`], `vct` must be there, and no claim
    /// on which a verifier relies (`exp`, `status`, ...) may come from a disclosure, because the holder could have
    /// left it out (draft-ietf-oauth-sd-jwt-vc, "Registered JWT Claims").
    ///
    /// # Errors
    /// As [`process`](Self::process), and when one of these conditions does not hold.
    pub fn process_vc(&self, issuer_key: &PublicKey) -> Result<Verified, ProcessError> {
        if self.issuer_jwt.header().typ.as_deref() != Some(TYP) {
            return Err(ProcessError::NotSdJwtVc);
        }
        let claims = self.process_showing(issuer_key, &NOT_DISCLOSABLE)?;
        if !claims.get("vct").is_some_and(Value::is_string) {
            return Err(ProcessError::NoType);
        }
        Ok(claims)
    }

    /// Like [`process`](Self::process), where none of `names` may come from a disclosure.
    pub(crate) fn process_showing(
        &self,
        issuer_key: &PublicKey,
        names: &[&'static str],
    ) -> Result<Verified, ProcessError> {
        let payload = self.verified_payload(issuer_key)?;
        let hidden: Vec<_> = names.iter().filter(|name| !payload.contains_key(**name)).collect();
        let claims = self.resolve(payload)?;
        match hidden.into_iter().find(|name| claims.contains_key(**name)) {
            Some(name) => Err(ProcessError::NotDisclosable(name)),
            None => Ok(claims),
        }
    }

    fn verified_payload(&self, issuer_key: &PublicKey) -> Result<Map<String, Value>, ProcessError> {
        self.issuer_jwt.verify(issuer_key)?;
        Ok(json::from_payload(self.issuer_jwt.payload())?)
    }

    fn resolve(&self, payload: Map<String, Value>) -> Result<Verified, ProcessError> {
        if payload.get("_sd_alg").is_some_and(|alg| alg != SD_ALG) {
            return Err(ProcessError::DigestAlgorithm);
        }
        let mut resolver = Resolver::new(&self.disclosures)?;
        let mut claims = resolver.object(payload, 1)?;
        claims.remove("_sd_alg");
        match resolver.pending.len() {
            0 => Ok(claims),
            unreferenced => Err(ProcessError::Unreferenced(unreferenced)),
        }
    }
}

/// Replaces digests by what the disclosures hold.
struct Resolver {
    /// Disclosures that no digest has referenced so far, by digest.
    pending: HashMap<String, Disclosure>,
    /// Digests met so far, in the payload and in the values of disclosures.
    seen: HashSet<String>,
}

impl Resolver {
    fn new(disclosures: &[&str]) -> Result<Self, ProcessError> {
        let mut pending = HashMap::with_capacity(disclosures.len());
        for (position, encoded) in (1..).zip(disclosures) {
            let disclosure =
                Disclosure::parse(encoded).map_err(|reason| ProcessError::Disclosure { position, reason })?;
            if pending.insert(digest(encoded.as_bytes()), disclosure).is_some() {
                return Err(ProcessError::DuplicateDisclosure { position });
            }
        }
        Ok(Self { pending, seen: HashSet::new() })
    }

    /// The disclosure that an embedded digest references; none for a decoy or a withheld claim.
    fn reference(&mut self, digest: &str) -> Result<Option<Disclosure>, ProcessError> {
        if !self.seen.insert(digest.to_owned()) {
            return Err(ProcessError::DuplicateDigest(digest.to_owned()));
        }
        Ok(self.pending.remove(digest))
    }

    fn value(&mut self, value: Value, depth: usize) -> Result<Value, ProcessError> {
        match value {
            Value::Object(_) | Value::Array(_) if depth > MAX_DEPTH => Err(ProcessError::TooDeep),
            Value::Object(members) => self.object(members, depth).map(Value::Object),
            Value::Array(elements) => self.array(elements, depth).map(Value::Array),
            scalar => Ok(scalar),
        }
    }

    fn object(
        &mut self,
        mut members: Map<String, Value>,
        depth: usize,
    ) -> Result<Map<String, Value>, ProcessError> {
        if members.contains_key(ARRAY_DIGEST_KEY) {
            return Err(ProcessError::MalformedDigests);
        }
        let digests = match members.remove(DIGESTS_KEY) {
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(ProcessError::MalformedDigests),
            None => Vec::new(),
        };
        let mut resolved = Map::with_capacity(members.len() + digests.len());
        for (name, value) in members {
            let value = self.value(value, depth + 1)?;
            resolved.insert(name, value);
        }
        for digest in digests {
            let digest = digest.as_str().ok_or(ProcessError::MalformedDigests)?;
            match self.reference(digest)? {
                None => {}
                Some(Disclosure::ArrayElement { .. }) => {
                    return Err(ProcessError::WrongKind(digest.to_owned()));
                }
                Some(Disclosure::ObjectProperty { name, .. }) if resolved.contains_key(&name) => {
                    return Err(ProcessError::ClaimExists(name));
                }
                Some(Disclosure::ObjectProperty { name, value }) => {
                    let value = self.value(value, depth + 1)?;
                    resolved.insert(name, value);
                }
            }
        }
        Ok(resolved)
    }

    fn array(&mut self, elements: Vec<Value>, depth: usize) -> Result<Vec<Value>, ProcessError> {
        let mut resolved = Vec::with_capacity(elements.len());
        for element in elements {
            let Some(placeholder) = element.get(ARRAY_DIGEST_KEY) else {
                resolved.push(self.value(element, depth + 1)?);
                continue;
            };
            let digest = match placeholder {
                Value::String(digest) if element.as_object().is_some_and(|members| members.len() == 1) => {
                    digest
                }
                _ => return Err(ProcessError::MalformedDigests),
            };
            match self.reference(digest)? {
                None => {}
                Some(Disclosure::ArrayElement { value }) => resolved.push(self.value(value, depth + 1)?),
                Some(Disclosure::ObjectProperty { .. }) => {
                    return Err(ProcessError::WrongKind(digest.clone()));
                }
            }
        }
        Ok(resolved)
    }
}
