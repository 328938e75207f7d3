//! A stranger's Token Status List (draft-ietf-oauth-status-list) with 1, 2, 4 or 8 bits for each credential.

use flate2::read::ZlibDecoder;
use jose::{Jws, PublicKey, b64url_decode};
use serde_json::{Map, Value};

use super::{DecodeError, ListError, MAX_JWT_SIZE, decompress};
use crate::json::{self, media_type, numeric_date};

/// `typ` of a status list token (section 5.1).
pub(super) const TYP: &str = "statuslist+jwt";

/// A verified status list token of any issuer. Times are seconds since the Unix epoch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenList {
    /// URI of this list, as credentials refer to it.
    pub sub: String,
    /// Issuer, where the token names one.
    pub iss: Option<String>,
    /// Time of issuance.
    pub iat: i64,
    /// Not valid at or after.
    pub exp: Option<i64>,
    /// Seconds for which a copy may be cached.
    pub ttl: Option<u64>,
    bits: u8,
    bytes: Vec<u8>,
}

impl TokenList {
    /// Verifies a status list token with its issuer's key and decodes its list of at most `max_bits` bits, and at most
    /// [`MAX_SIZE`](super::MAX_SIZE).
    ///
    /// Left to the caller (section 8.3): that the key is one that may speak for the credential's issuer, that
    /// [`sub`](Self::sub) is the URI that the credential gives, and `exp`.
    ///
    /// # Errors
    /// [`ListError`] when the token is not what section 5.1 demands, or is too large.
    pub fn verify(compact: &str, key: &PublicKey, max_bits: u32) -> Result<Self, ListError> {
        let jws = Jws::parse_within(compact, MAX_JWT_SIZE)?;
        jws.verify(key)?;
        if jws.header().typ.as_deref().is_none_or(|typ| media_type(typ) != TYP) {
            return Err(ListError::Type(TYP));
        }
        let claims: Map<String, Value> = json::from_payload(jws.payload())?;
        let date = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(value) => numeric_date(value).map(Some).ok_or(ListError::Claim(name)),
        };
        let text = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(ListError::Claim(name)),
        };
        let ttl = match claims.get("ttl") {
            None => None,
            Some(ttl) => {
                let seconds = numeric_date(ttl).and_then(|seconds| u64::try_from(seconds).ok());
                Some(seconds.ok_or(ListError::Claim("ttl"))?)
            }
        };
        let list = claims.get("status_list").ok_or(ListError::Claim("status_list"))?;
        let (bits, bytes) = decode(list, max_bits)?;
        Ok(Self {
            sub: text("sub")?.ok_or(ListError::Claim("sub"))?,
            iss: text("iss")?,
            iat: date("iat")?.ok_or(ListError::Claim("iat"))?,
            exp: date("exp")?,
            ttl,
            bits,
            bytes,
        })
    }

    /// Number of entries.
    pub fn entries(&self) -> u64 {
        self.bytes.len() as u64 * 8 / u64::from(self.bits)
    }

    /// The status at `index`: [`VALID`](super::VALID), [`INVALID`](super::INVALID), [`SUSPENDED`](super::SUSPENDED), or
    /// what the application defines (section 7.1).
    ///
    /// # Errors
    /// [`ListError::Index`] when `index` is not below [`entries`](Self::entries).
    pub fn status(&self, index: u32) -> Result<u8, ListError> {
        let outside = ListError::Index { index, size: self.entries() };
        let position = u64::from(index) * u64::from(self.bits);
        let byte = usize::try_from(position / 8).ok().and_then(|at| self.bytes.get(at)).ok_or(outside)?;
        // Entries begin at the least significant bits, and none spans two bytes (section 4.1).
        Ok(byte >> (position % 8) & u8::MAX >> (8 - self.bits))
    }
}

/// The member `status_list` (section 4.2).
fn decode(list: &Value, max_bits: u32) -> Result<(u8, Vec<u8>), ListError> {
    let bits = list.get("bits").and_then(Value::as_u64).ok_or(ListError::Claim("status_list.bits"))?;
    let bits = match bits {
        1 | 2 | 4 | 8 => bits as u8,
        _ => return Err(ListError::EntrySize(bits)),
    };
    let lst = list.get("lst").and_then(Value::as_str).ok_or(ListError::Claim("status_list.lst"))?;
    let compressed = b64url_decode(lst).map_err(|_| DecodeError::Encoding)?;
    Ok((bits, decompress(ZlibDecoder::new(&compressed[..]), max_bits)?))
}
