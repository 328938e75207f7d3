//! Decrypting what somebody encrypted to our key.

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use flate2::{Decompress, FlushDecompress, Status};
use serde_json::{Map, Value};

use super::agreement::{DecryptionKey, KeyContext};
use super::{COMPRESSION, ContentEncryption, KEY_AGREEMENT, UnsupportedEncryption};
use crate::base64url::{Base64UrlError, b64url_decode};
use crate::json::{JsonError, strict_json};
use crate::jwk::{JwkError, members, p256_point, private_members};
use crate::quoted::Quoted;

/// The length of an authentication tag in bytes (RFC 7518, section 5.3).
const TAG_LEN: usize = 16;

/// Decrypts a compact JWE. Neither it nor its plaintext may be longer than `max_len` bytes.
///
/// # Errors
///
/// [`JweError`] if the token is malformed, is encrypted in another way or to another key, or was changed.
pub fn decrypt(jwe: &str, key: &DecryptionKey, max_len: usize) -> Result<Vec<u8>, JweError> {
    if jwe.len() > max_len {
        return Err(JweError::TooLong { len: jwe.len(), max: max_len });
    }
    let parts: Vec<&str> = jwe.split('.').collect();
    let [protected, encrypted_key, iv, ciphertext, tag] = parts[..] else {
        return Err(JweError::NotCompact);
    };
    let header = Header::parse(&b64url_decode(protected).map_err(encoding("header"))?)?;
    if !encrypted_key.is_empty() {
        return Err(JweError::EncryptedKey);
    }
    let iv = b64url_decode(iv).map_err(encoding("initialization vector"))?;
    let iv: [u8; NONCE_LEN] = iv.try_into().map_err(|_| JweError::PartLength)?;
    let mut content = b64url_decode(ciphertext).map_err(encoding("ciphertext"))?;
    let tag = b64url_decode(tag).map_err(encoding("authentication tag"))?;
    if tag.len() != TAG_LEN {
        return Err(JweError::PartLength);
    }
    content.extend(tag);

    let secret = header.agree(key).ok_or(JweError::Decryption)?;
    let nonce = Nonce::assume_unique_for_key(iv);
    let aad = Aad::from(protected.as_bytes());
    let plaintext =
        header.enc.key(&secret).open_in_place(nonce, aad, &mut content).map_err(|_| JweError::Decryption)?;
    if header.is_compressed { inflate(plaintext, max_len) } else { Ok(plaintext.to_vec()) }
}

/// How the error for a part that is not base64url is made.
fn encoding(part: &'static str) -> impl Fn(Base64UrlError) -> JweError {
    move |cause| JweError::Encoding { part, cause }
}

/// What the protected header says (RFC 7516, section 4; RFC 7518, section 4.6.1). Keys and addresses in it
/// (`jwk`, `jku`, `x5c`, `x5u`) are not used.
struct Header {
    enc: ContentEncryption,
    x: [u8; 32],
    y: [u8; 32],
    apu: Vec<u8>,
    apv: Vec<u8>,
    is_compressed: bool,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, JweError> {
        let Value::Object(header) = strict_json(bytes).map_err(JweError::HeaderJson)? else {
            return Err(JweError::HeaderNotAnObject);
        };
        if header.contains_key("crit") {
            return Err(JweError::CriticalHeader);
        }
        match text(&header, "alg")?.ok_or(JweError::Missing("alg"))? {
            KEY_AGREEMENT => {}
            other => return Err(JweError::Algorithm(other.to_owned())),
        }
        let enc = text(&header, "enc")?.ok_or(JweError::Missing("enc"))?.parse()?;
        let is_compressed = match text(&header, "zip")? {
            None => false,
            Some(COMPRESSION) => true,
            Some(other) => return Err(JweError::Compression(other.to_owned())),
        };
        let epk = header.get("epk").ok_or(JweError::Missing("epk"))?;
        if !private_members(epk).is_empty() {
            return Err(JweError::EphemeralSecret);
        }
        let (x, y) = members(epk).and_then(p256_point).map_err(JweError::EphemeralKey)?;
        let (apu, apv) = (party(&header, "apu")?, party(&header, "apv")?);
        Ok(Self { enc, x, y, apu, apv, is_compressed })
    }

    fn agree(&self, key: &DecryptionKey) -> Option<Vec<u8>> {
        key.agree(&self.x, &self.y, &KeyContext { enc: self.enc, apu: &self.apu, apv: &self.apv })
    }
}

fn text<'a>(header: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, JweError> {
    header.get(name).map(|value| value.as_str().ok_or(JweError::NotAString(name))).transpose()
}

/// What a sender says about one of the two parties: any bytes, or nothing.
fn party(header: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JweError> {
    b64url_decode(text(header, name)?.unwrap_or_default()).map_err(encoding(name))
}

fn inflate(compressed: &[u8], max_len: usize) -> Result<Vec<u8>, JweError> {
    let mut plaintext = Vec::with_capacity(max_len.saturating_add(1));
    let mut inflater = Decompress::new(false);
    let status = inflater.decompress_vec(compressed, &mut plaintext, FlushDecompress::Finish);
    if plaintext.len() > max_len {
        return Err(JweError::PlaintextTooLong(max_len));
    }
    let is_whole = matches!(status, Ok(Status::StreamEnd)) && inflater.total_in() == compressed.len() as u64;
    if is_whole { Ok(plaintext) } else { Err(JweError::Deflate) }
}

/// Why a token is not decrypted.
#[derive(Debug, thiserror::Error)]
pub enum JweError {
    /// The token is longer than the limit.
    #[error("the token has {len} bytes; at most {max} are read")]
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// The token doesn't have exactly five parts.
    #[error("not a compact JWE: five parts joined by four dots are expected")]
    NotCompact,
    /// A part, or `apu` or `apv`, is not base64url.
    #[error("the token's {part} is {cause}")]
    Encoding {
        /// What the text is for.
        part: &'static str,
        /// What is wrong with it.
        cause: Base64UrlError,
    },
    /// The header is not strict JSON.
    #[error("the token's header is refused: {0}")]
    HeaderJson(#[source] JsonError),
    /// The header is JSON, but not an object.
    #[error("the token's header is not a JSON object")]
    HeaderNotAnObject,
    /// A required header member is absent.
    #[error("the token's header has no `{0}`")]
    Missing(&'static str),
    /// A header member that must be a string is not.
    #[error("the header member `{0}` is not a string")]
    NotAString(&'static str),
    /// The header has `crit`: no extension is understood.
    #[error("the header member `crit` is not accepted: no critical extension is supported")]
    CriticalHeader,
    /// `alg` is not `ECDH-ES`.
    #[error("key management algorithm {} is not accepted; use {KEY_AGREEMENT}", Quoted(.0))]
    Algorithm(String),
    /// `enc` is not a content encryption that is accepted.
    #[error(transparent)]
    UnsupportedEncryption(#[from] UnsupportedEncryption),
    /// `zip` is not `DEF`.
    #[error("compression {} is not accepted; use {COMPRESSION}, or none", Quoted(.0))]
    Compression(String),
    /// `epk` has private members: whoever sees the token can read it.
    #[error(
        "the header member `epk` holds the secret of its key; encrypt again, with the public members only"
    )]
    EphemeralSecret,
    /// `epk` is not a public key on P-256.
    #[error("the header member `epk` is refused: {0}")]
    EphemeralKey(#[source] JwkError),
    /// The second part is not empty, as it is under `ECDH-ES` (RFC 7516, section 5.2, step 10).
    #[error("the token's second part must be empty under {KEY_AGREEMENT}: no encrypted key is expected")]
    EncryptedKey,
    /// The initialization vector or the authentication tag has another length.
    #[error("the token has an initialization vector of 12 bytes and an authentication tag of 16")]
    PartLength,
    /// The token was encrypted to another key, or was changed.
    #[error("the token does not decrypt: it is encrypted to another key, or was changed")]
    Decryption,
    /// The decompressed plaintext is longer than this limit.
    #[error("the decompressed plaintext has more than {0} bytes")]
    PlaintextTooLong(usize),
    /// The plaintext is not one whole DEFLATE stream.
    #[error("the plaintext is not what `zip` says: one stream of DEFLATE (RFC 1951)")]
    Deflate,
}
