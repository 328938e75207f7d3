//! W3C Bitstring Status List v1.0, as a Verifiable Credential 2.0 secured with JOSE (VC-JOSE-COSE, section 3.1.1).

use std::io::Write;

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use jose::{Jws, JwsError, PublicKey, SigningKey, b64url_decode, b64url_encode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use thiserror::Error;

use super::{DecodeError, MAX_JWT_SIZE, StatusBits, decompress};
use crate::json::{self, PayloadError};

/// The fewest bits that a Bitstring Status List has, for the privacy of its holders: 16 KiB uncompressed.
pub const MIN_BITSTRING_SIZE: u32 = 131_072;

/// `typ` of a VCDM 2.0 credential secured as a JWS.
const TYP: &str = "vc+jwt";
const CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";
const CREDENTIAL_TYPE: &str = "BitstringStatusListCredential";
const SUBJECT_TYPE: &str = "BitstringStatusList";
const PURPOSE: &str = "revocation";

/// Why a Bitstring Status List is not written, or is refused.
#[derive(Debug, Error)]
pub enum BitstringError {
    /// The list has fewer bits than the specification demands.
    #[error("a Bitstring Status List has at least {MIN_BITSTRING_SIZE} bits, this one {0}")]
    TooShort(u32),
    /// The JWS is malformed, too long, or its signature does not verify.
    #[error("the status list credential: {0}")]
    Jws(#[from] JwsError),
    /// The `typ` of the JWS is not `vc+jwt`.
    #[error("the \"typ\" of the status list credential is not {TYP:?}")]
    Type,
    /// The payload is not a JSON object, or a member is missing or of the wrong type.
    #[error("the payload of the status list credential: {0}")]
    Payload(#[from] PayloadError),
    /// The credential is not a status list for revocation.
    #[error("the credential is not a {CREDENTIAL_TYPE} for {PURPOSE}")]
    NotRevocationList,
    /// The list cannot be decoded.
    #[error(transparent)]
    List(#[from] DecodeError),
}

/// A status list credential for revocation. Times are RFC 3339 text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BitstringStatusList {
    /// URL of this credential, as other credentials refer to it.
    pub id: String,
    /// Issuer identifier, a DID or URL.
    pub issuer: String,
    /// Start of validity.
    pub valid_from: String,
    /// End of validity.
    pub valid_until: Option<String>,
    /// One bit per credential: 1 is revoked.
    pub bits: StatusBits,
}

/// What is read of a status list credential.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    id: String,
    #[serde(rename = "type")]
    types: Vec<String>,
    issuer: String,
    valid_from: String,
    valid_until: Option<String>,
    credential_subject: Subject,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    id: Option<String>,
    r#type: String,
    status_purpose: String,
    encoded_list: String,
}

impl BitstringStatusList {
    /// The credential as JSON bytes.
    ///
    /// # Errors
    /// [`BitstringError::TooShort`] when the list has fewer than [`MIN_BITSTRING_SIZE`] bits.
    pub fn payload(&self) -> Result<Vec<u8>, BitstringError> {
        if self.bits.size() < MIN_BITSTRING_SIZE {
            return Err(BitstringError::TooShort(self.bits.size()));
        }
        let mut credential = json!({
            "@context": [CONTEXT],
            "id": self.id,
            "type": ["VerifiableCredential", CREDENTIAL_TYPE],
            "issuer": self.issuer,
            "validFrom": self.valid_from,
            "credentialSubject": Subject {
                // The list is a thing of its own: it must not share the identifier of the credential.
                id: Some(format!("{}#list", self.id)),
                r#type: SUBJECT_TYPE.to_owned(),
                status_purpose: PURPOSE.to_owned(),
                encoded_list: self.bits.to_encoded_list(),
            },
        });
        if let Some(valid_until) = &self.valid_until {
            credential["validUntil"] = json!(valid_until);
        }
        Ok(json::to_bytes(&credential))
    }

    /// Signs the credential. `kid` names the key in the issuer's DID document.
    ///
    /// # Errors
    /// As [`payload`](Self::payload).
    pub fn sign(&self, key: &SigningKey, kid: &str) -> Result<String, BitstringError> {
        Ok(json::sign(&self.payload()?, TYP, key, kid))
    }

    /// Verifies a status list credential with the issuer's key and decodes its list of at most `max_bits` bits.
    ///
    /// Left to the caller (section 3.2): that [`id`](Self::id) is the URL that the credential gives, and the times.
    ///
    /// # Errors
    /// [`BitstringError`] when the credential is not a revocation list of this form, or is too large.
    pub fn verify(compact: &str, issuer_key: &PublicKey, max_bits: u32) -> Result<Self, BitstringError> {
        let jws = Jws::parse_within(compact, MAX_JWT_SIZE)?;
        jws.verify(issuer_key)?;
        if jws.header().typ.as_deref() != Some(TYP) {
            return Err(BitstringError::Type);
        }
        let credential: Credential = json::from_payload(jws.payload())?;
        let subject = &credential.credential_subject;
        let is_status_list = credential.types.iter().any(|name| name == CREDENTIAL_TYPE);
        if !is_status_list || subject.r#type != SUBJECT_TYPE || subject.status_purpose != PURPOSE {
            return Err(BitstringError::NotRevocationList);
        }
        let bits = StatusBits::from_encoded_list(&subject.encoded_list, max_bits)?;
        if bits.size() < MIN_BITSTRING_SIZE {
            return Err(BitstringError::TooShort(bits.size()));
        }
        Ok(Self {
            id: credential.id,
            issuer: credential.issuer,
            valid_from: credential.valid_from,
            valid_until: credential.valid_until,
            bits,
        })
    }
}

impl StatusBits {
    /// The member `encodedList` of a Bitstring Status List: multibase base64url (`u`) of GZIP, index 0 in the most
    /// significant bit of the first byte (sections 2.2 and 3.3).
    pub fn to_encoded_list(&self) -> String {
        let bitstring: Vec<u8> = self.as_bytes().iter().map(|byte| byte.reverse_bits()).collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let compressed = encoder.write_all(&bitstring).and_then(|()| encoder.finish());
        format!("u{}", b64url_encode(&compressed.expect("writing to a vector cannot fail")))
    }

    /// Reads the member `encodedList`, of at most `max_bits` bits when decompressed.
    ///
    /// # Errors
    /// [`DecodeError`] when it is not multibase base64url of GZIP, is empty, or is larger.
    pub fn from_encoded_list(encoded: &str, max_bits: u32) -> Result<Self, DecodeError> {
        let base64url = encoded.strip_prefix('u').ok_or(DecodeError::Encoding)?;
        let compressed = b64url_decode(base64url).map_err(|_| DecodeError::Encoding)?;
        let bitstring = decompress(GzDecoder::new(&compressed[..]), max_bits)?;
        Ok(Self { bytes: bitstring.into_iter().map(u8::reverse_bits).collect() })
    }
}
