//! A stranger's status list credential: Bitstring Status List v1.0, or the older StatusList2021, in VCDM 2.0 or 1.1.

use flate2::read::GzDecoder;
use jose::{Jws, PublicKey, b64url_decode};
use serde_json::{Map, Value};

use super::{DecodeError, ListError, MAX_JWT_SIZE, MIN_BITSTRING_SIZE, decompress};
use crate::json::{self, id_of, media_type, numeric_date, texts};
use crate::jwt_vc;
use crate::validity::{DateError, validity};

/// The two generations: the type of the credential, and that of its subject.
const BITSTRING: (&str, &str) = ("BitstringStatusListCredential", "BitstringStatusList");
const LIST_2021: (&str, &str) = ("StatusList2021Credential", "StatusList2021");

/// A verified status list credential of any issuer. Times are seconds since the Unix epoch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CredentialList {
    /// URL of this credential, where it has one.
    pub id: Option<String>,
    /// Issuer identifier, a DID or URL.
    pub issuer: String,
    /// What the entries mean: `revocation`, `suspension`, `message`, `refresh` or others.
    pub purposes: Vec<String>,
    /// Start of validity.
    pub valid_from: Option<i64>,
    /// End of validity: not valid at or after.
    pub valid_until: Option<i64>,
    /// Seconds for which a copy may be cached; given in milliseconds by the list.
    pub ttl: Option<u64>,
    /// Whether [`MIN_BITSTRING_SIZE`] holds.
    is_bitstring: bool,
    /// Index 0 is the most significant bit of the first byte.
    bytes: Vec<u8>,
}

impl CredentialList {
    /// Verifies a status list credential with its issuer's key and decodes its list of at most `max_bits` bits, and at
    /// most [`MAX_SIZE`](super::MAX_SIZE).
    ///
    /// It is secured as VC-JOSE-COSE demands (`typ` is `vc+jwt`, the payload is the credential), or as a JWT VC of data
    /// model 1.1 (`typ` is `JWT` or missing, the credential is the claim `vc`).
    ///
    /// Left to the caller (section 3.2): that the key is the issuer's, that [`id`](Self::id) is the URL that the
    /// credential gives, and the times.
    ///
    /// # Errors
    /// [`ListError`] when the credential is not a status list, or is too large.
    pub fn verify(compact: &str, key: &PublicKey, max_bits: u32) -> Result<Self, ListError> {
        let jws = Jws::parse_within(compact, MAX_JWT_SIZE)?;
        jws.verify(key)?;
        match jws.header().typ.as_deref().map(media_type).as_deref() {
            Some("vc+jwt" | "vc+ld+json+jwt") => {
                let claims: Map<String, Value> = json::from_payload(jws.payload())?;
                if claims.contains_key("vc") {
                    return Err(ListError::Claim("vc"));
                }
                if !claims.contains_key("@context") {
                    return Err(ListError::NotStatusList);
                }
                Self::read(&claims, &claims, max_bits)
            }
            Some("jwt") | None => {
                let claims = jwt_vc::read(jws.payload()).map_err(|error| match error {
                    jwt_vc::VerifyError::Payload(error) => ListError::Payload(error),
                    jwt_vc::VerifyError::NotCredential => ListError::NotStatusList,
                    other => ListError::Contradiction(other.to_string()),
                })?;
                let credential =
                    claims.get("vc").and_then(Value::as_object).ok_or(ListError::NotStatusList)?;
                Self::read(&claims, credential, max_bits)
            }
            Some(_) => Err(ListError::Type("vc+jwt or JWT")),
        }
    }

    fn read(
        claims: &Map<String, Value>,
        credential: &Map<String, Value>,
        max_bits: u32,
    ) -> Result<Self, ListError> {
        let subject = credential.get("credentialSubject").ok_or(ListError::NotStatusList)?;
        let has_type =
            |node: Option<&Value>, name| node.and_then(texts).is_some_and(|types| types.contains(&name));
        let is_kind = |(credential_type, subject_type)| {
            has_type(credential.get("type"), credential_type) && has_type(subject.get("type"), subject_type)
        };
        let is_bitstring = is_kind(BITSTRING);
        if !is_bitstring && !is_kind(LIST_2021) {
            return Err(ListError::NotStatusList);
        }
        let purposes = subject.get("statusPurpose").and_then(texts).filter(|texts| !texts.is_empty());
        let encoded = subject.get("encodedList").and_then(Value::as_str);
        let iss = claims.get("iss").and_then(Value::as_str);
        let issuer = credential.get("issuer").and_then(id_of).or(iss);
        let validity = validity(claims).map_err(|DateError(name)| ListError::Claim(name))?;
        Ok(Self {
            id: credential.get("id").and_then(Value::as_str).map(str::to_owned),
            issuer: issuer.ok_or(ListError::Claim("issuer"))?.to_owned(),
            purposes: purposes
                .ok_or(ListError::Claim("statusPurpose"))?
                .into_iter()
                .map(str::to_owned)
                .collect(),
            valid_from: validity.from,
            valid_until: validity.until,
            ttl: ttl(subject)?,
            is_bitstring,
            bytes: expand(encoded.ok_or(ListError::Claim("encodedList"))?, is_bitstring, max_bits)?,
        })
    }

    /// The status at `index`, for entries of `size` bits, which the credential gives (`statusSize`, 1 by default).
    ///
    /// 0 means that what the purpose says does not hold; a set entry of `revocation` or `suspension`, that it does. What
    /// values mean for `message` and others, the credential's entry says.
    ///
    /// # Errors
    /// [`ListError::Purpose`] when the list is for other purposes; [`ListError::TooShort`] for a Bitstring Status List
    /// below its minimum (section 3.2; StatusList2021 sets none for verifiers); [`ListError::Index`];
    /// [`ListError::EntrySize`].
    pub fn status(&self, purpose: &str, index: u32, size: u8) -> Result<u8, ListError> {
        if !(1..=8).contains(&size) {
            return Err(ListError::EntrySize(size.into()));
        }
        if !self.purposes.iter().any(|found| found == purpose) {
            return Err(ListError::Purpose { found: self.purposes.clone(), asked: purpose.to_owned() });
        }
        let size = u64::from(size);
        let entries = self.bytes.len() as u64 * 8 / size;
        if self.is_bitstring && entries < u64::from(MIN_BITSTRING_SIZE) {
            return Err(ListError::TooShort(entries));
        }
        if u64::from(index) >= entries {
            return Err(ListError::Index { index, size: entries });
        }
        let first = u64::from(index) * size;
        // Every bit is inside the list, since its last entry is.
        let bit = |at: u64| self.bytes[(at / 8) as usize] >> (7 - at % 8) & 1;
        Ok((first..first + size).fold(0, |status, at| status << 1 | bit(at)))
    }
}

fn ttl(subject: &Value) -> Result<Option<u64>, ListError> {
    let seconds = |ttl: &Value| {
        let milliseconds = numeric_date(ttl).and_then(|milliseconds| u64::try_from(milliseconds).ok());
        milliseconds.map(|milliseconds| milliseconds / 1000).ok_or(ListError::Claim("ttl"))
    };
    subject.get("ttl").map(seconds).transpose()
}

/// The member `encodedList`: multibase base64url of GZIP (Bitstring Status List, section 2.2). StatusList2021 (section
/// 3.2) has no multibase prefix, and its lists are found in both alphabets of base64, with and without padding.
fn expand(encoded: &str, is_bitstring: bool, max_bits: u32) -> Result<Vec<u8>, DecodeError> {
    let compressed = match encoded.strip_prefix('u') {
        Some(base64url) => b64url_decode(base64url),
        None if is_bitstring => return Err(DecodeError::Encoding),
        None => b64url_decode(&encoded.trim_end_matches('=').replace('+', "-").replace('/', "_")),
    };
    let compressed = compressed.map_err(|_| DecodeError::Encoding)?;
    decompress(GzDecoder::new(&compressed[..]), max_bits)
}
