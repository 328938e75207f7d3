//! Token Status List (draft-ietf-oauth-status-list) in its JSON and JWT form, with one bit per credential.

use std::io::Write;

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use jose::{Jws, JwsError, PublicKey, SigningKey, b64url_decode, b64url_encode};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{DecodeError, MAX_JWT_SIZE, StatusBits, decompress};
use crate::json::{self, PayloadError};

/// `typ` of a status list token (section 5.1).
const TYP: &str = "statuslist+jwt";

/// Why a status list token is refused.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The JWT is malformed, too long, or its signature does not verify.
    #[error("the status list token: {0}")]
    Jws(#[from] JwsError),
    /// The `typ` of the JWT is not `statuslist+jwt`.
    #[error("the \"typ\" of the status list token is not {TYP:?}")]
    Type,
    /// The payload is not a JSON object, or a claim is missing or of the wrong type.
    #[error("the payload of the status list token: {0}")]
    Payload(#[from] PayloadError),
    /// The list has another number of bits per credential than one.
    #[error("the status list has {0} bits per credential, not 1")]
    BitsPerEntry(u64),
    /// The list cannot be decoded.
    #[error(transparent)]
    List(#[from] DecodeError),
}

/// A status list token: what its JWT says. Times are seconds since the Unix epoch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusListToken {
    /// URI of this list, as credentials refer to it.
    pub sub: String,
    /// Time of issuance.
    pub iat: i64,
    /// Not valid at or after.
    pub exp: Option<i64>,
    /// Seconds for which a copy may be cached.
    pub ttl: Option<u64>,
    /// One bit per credential: 0 is VALID, 1 is INVALID.
    pub bits: StatusBits,
}

#[derive(Deserialize, Serialize)]
struct Payload {
    sub: String,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    status_list: List,
}

#[derive(Deserialize, Serialize)]
struct List {
    bits: u64,
    lst: String,
}

impl StatusListToken {
    /// The JWT payload as JSON bytes.
    pub fn payload(&self) -> Vec<u8> {
        json::to_bytes(&Payload {
            sub: self.sub.clone(),
            iat: self.iat,
            exp: self.exp,
            ttl: self.ttl,
            status_list: List { bits: 1, lst: self.bits.to_lst() },
        })
    }

    /// Signs the token. `kid` names the key in the issuer's metadata.
    pub fn sign(&self, key: &SigningKey, kid: &str) -> String {
        json::sign(&self.payload(), TYP, key, kid)
    }

    /// Verifies a status list token with the issuer's key and decodes its list of at most `max_bits` bits.
    ///
    /// Left to the caller (section 8.3): that [`sub`](Self::sub) is the URI that the credential gives, and `exp`.
    ///
    /// # Errors
    /// [`TokenError`] when the token is not what section 5.1 demands, or is too large.
    pub fn verify(compact: &str, issuer_key: &PublicKey, max_bits: u32) -> Result<Self, TokenError> {
        let jws = Jws::parse_within(compact, MAX_JWT_SIZE)?;
        jws.verify(issuer_key)?;
        if jws.header().typ.as_deref() != Some(TYP) {
            return Err(TokenError::Type);
        }
        let payload: Payload = json::from_payload(jws.payload())?;
        if payload.status_list.bits != 1 {
            return Err(TokenError::BitsPerEntry(payload.status_list.bits));
        }
        Ok(Self {
            sub: payload.sub,
            iat: payload.iat,
            exp: payload.exp,
            ttl: payload.ttl,
            bits: StatusBits::from_lst(&payload.status_list.lst, max_bits)?,
        })
    }
}

impl StatusBits {
    /// The member `lst` of a Token Status List with one bit per credential (sections 4.1 and 4.2): base64url of
    /// ZLIB at the best compression, index 0 in the least significant bit of the first byte.
    pub fn to_lst(&self) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        let compressed = encoder.write_all(self.as_bytes()).and_then(|()| encoder.finish());
        b64url_encode(&compressed.expect("writing to a vector cannot fail"))
    }

    /// Reads the member `lst`, of at most `max_bits` bits when decompressed.
    ///
    /// # Errors
    /// [`DecodeError`] when it is not base64url of ZLIB, is empty, or is larger.
    pub fn from_lst(lst: &str, max_bits: u32) -> Result<Self, DecodeError> {
        let compressed = b64url_decode(lst).map_err(|_| DecodeError::Encoding)?;
        Ok(Self { bytes: decompress(ZlibDecoder::new(&compressed[..]), max_bits)? })
    }
}
