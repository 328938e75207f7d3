//! Encrypting to a key that somebody sent.

use std::io::Write as _;

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::{Map, Value, json};

use super::agreement::{DecryptionKey, KeyContext};
use super::{COMPRESSION, ContentEncryption, KEY_AGREEMENT};
use crate::base64url::{append_b64url, b64url_encode};
use crate::jwk::{JwkError, members, optional_text, p256_point, private_members};
use crate::quoted::Quoted;

/// How often a secret number is drawn. That a good source needs a second try is one chance in four billion.
const MAX_DRAWS: usize = 8;

/// A checked public key on P-256 that somebody else can decrypt with.
#[derive(Debug, Clone)]
pub struct EncryptionKey {
    x: [u8; 32],
    y: [u8; 32],
    kid: Option<String>,
}

/// How a message is encrypted, and what its header says beside that.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The encryption of the content.
    pub enc: ContentEncryption,
    /// Whether the plaintext is compressed first. Its length then depends on what it says, and shows.
    pub compressed: bool,
    /// `typ`: what the message is.
    pub typ: Option<&'a str>,
    /// `cty`: what the plaintext is.
    pub cty: Option<&'a str>,
}

impl EncryptionKey {
    /// Reads the public JWK of a recipient.
    ///
    /// # Errors
    ///
    /// [`RecipientKeyError`] if it is not a key on P-256, is not for [`KEY_AGREEMENT`] or not for encryption,
    /// or has private members.
    pub fn from_jwk(jwk: &Value) -> Result<Self, RecipientKeyError> {
        let private = private_members(jwk);
        if !private.is_empty() {
            return Err(RecipientKeyError::PrivateMembers(private));
        }
        let jwk = members(jwk)?;
        if let Some(other) = optional_text(jwk, "use")?.filter(|&purpose| purpose != "enc") {
            return Err(RecipientKeyError::Use(other.to_owned()));
        }
        check_operations(jwk)?;
        if let Some(other) = optional_text(jwk, "alg")?.filter(|&alg| alg != KEY_AGREEMENT) {
            return Err(RecipientKeyError::Algorithm(other.to_owned()));
        }
        let (x, y) = p256_point(jwk)?;
        Ok(Self { x, y, kid: optional_text(jwk, "kid")?.map(str::to_owned) })
    }

    /// Encrypts a plaintext, with a fresh key for each message. The recipient's `kid` goes into the header.
    ///
    /// # Panics
    ///
    /// If `random` gives no valid secret number in a row of draws, as a source that always gives zeros.
    #[must_use]
    pub fn encrypt(
        &self,
        message: &Message<'_>,
        plaintext: &[u8],
        random: &mut dyn FnMut(&mut [u8]),
    ) -> String {
        let ephemeral = draw_key(random);
        let header = b64url_encode(self.header(message, &ephemeral).to_string().as_bytes());
        let context = KeyContext { enc: message.enc, apu: &[], apv: &[] };
        let key =
            ephemeral.agree(&self.x, &self.y, &context).expect("the point was checked when it was read");

        let mut iv = [0; NONCE_LEN];
        random(&mut iv);
        let mut content = if message.compressed { deflate(plaintext) } else { plaintext.to_vec() };
        let tag = message
            .enc
            .key(&key)
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(iv),
                Aad::from(header.as_bytes()),
                &mut content,
            )
            .expect("a plaintext is shorter than the 64 GiB that one key may encrypt");

        let mut jwe = String::with_capacity(header.len() + content.len() * 4 / 3 + 64);
        jwe.push_str(&header);
        jwe.push('.'); // and no encrypted key: the agreement gives it (RFC 7516, section 5.1, step 5)
        for part in [&iv[..], &content, tag.as_ref()] {
            jwe.push('.');
            append_b64url(&mut jwe, part);
        }
        jwe
    }

    fn header(&self, message: &Message<'_>, ephemeral: &DecryptionKey) -> Value {
        let mut header = json!({
            "alg": KEY_AGREEMENT,
            "enc": message.enc.as_str(),
            "epk": ephemeral.epk(),
        });
        let zip = message.compressed.then_some(COMPRESSION);
        let further =
            [("kid", self.kid.as_deref()), ("zip", zip), ("typ", message.typ), ("cty", message.cty)];
        for (name, value) in further {
            if let Some(value) = value {
                header[name] = json!(value);
            }
        }
        header
    }
}

/// `key_ops` of a public key for ECDH: absent, empty as the Web Cryptography API exports it, or one of
/// deriving (RFC 7517, section 4.3).
fn check_operations(jwk: &Map<String, Value>) -> Result<(), RecipientKeyError> {
    let derives = |operation: &Value| operation == "deriveKey" || operation == "deriveBits";
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) if operations.is_empty() || operations.iter().any(derives) => Ok(()),
        Some(_) => Err(RecipientKeyError::KeyOps),
    }
}

/// A key pair for one message.
fn draw_key(random: &mut dyn FnMut(&mut [u8])) -> DecryptionKey {
    let draw = |_| {
        let mut scalar = [0; 32];
        random(&mut scalar);
        DecryptionKey::from_scalar(&scalar).ok()
    };
    (0..MAX_DRAWS).find_map(draw).expect("a source of randomness gives a valid number nearly always")
}

fn deflate(plaintext: &[u8]) -> Vec<u8> {
    const IN_MEMORY: &str = "writing to memory cannot fail";
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plaintext).expect(IN_MEMORY);
    encoder.finish().expect(IN_MEMORY)
}

/// Why nothing is encrypted to a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipientKeyError {
    /// The JWK is not a key on P-256.
    #[error(transparent)]
    Jwk(#[from] JwkError),
    /// The JWK holds these private members.
    #[error("the JWK has the private members `{}`: send the public key only, of a new pair", .0.join("`, `"))]
    PrivateMembers(Vec<&'static str>),
    /// `use` is not `enc`.
    #[error("the key is for the use {}, not for `enc`", Quoted(.0))]
    Use(String),
    /// `key_ops` allows neither `deriveKey` nor `deriveBits`.
    #[error("the key's `key_ops` holds neither `deriveKey` nor `deriveBits`")]
    KeyOps,
    /// `alg` is another way to agree on a key.
    #[error("the key is for the algorithm {}; use {KEY_AGREEMENT}", Quoted(.0))]
    Algorithm(String),
}
