//! The names, ids and public keys under which notes are signed (signed-note, "Signatures" and "Verifier
//! keys").

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::hash::sha256;
use crate::text::{decode_base64, encode_base64, has_control_characters};

/// The longest key name, in bytes: what tlog-cosignature can hold in its length-prefixed form.
pub const MAX_KEY_NAME_LEN: usize = 255;

/// Length of an Ed25519 seed, in bytes.
pub const SEED_LEN: usize = 32;

/// Length of an Ed25519 public key, in bytes.
pub const PUBLIC_KEY_LEN: usize = 32;

/// Length of an Ed25519 signature, in bytes.
pub(crate) const SIGNATURE_LEN: usize = 64;

/// Eight hexadecimal digits, 44 characters of base64 and two plus signs, besides the name.
const MAX_VERIFIER_KEY_LEN: usize = MAX_KEY_NAME_LEN + 54;

/// The name of a key: not empty, at most 255 bytes, without Unicode spaces, plus signs and control
/// characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// The short identifier that, with the name, tells which key made a signature. Text form: eight lower-case
/// hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

/// What a key signs and how (signed-note, "Signature types").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum SignatureType {
    /// Ed25519 over the note text (signed-note, "Ed25519 signatures").
    Ed25519 = 0x01,
    /// Timestamped Ed25519 of a witness over a checkpoint (tlog-cosignature).
    Cosignature = 0x04,
}

/// A public key with all that is needed to check its signatures. Text form ("vkey"):
/// `<name>+<8 hex digits of the key id>+<base64 of type byte and public key>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    signature_type: SignatureType,
    public_key: [u8; PUBLIC_KEY_LEN],
}

/// Why a name or a verifier key is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name breaks a rule of [`KeyName`].
    #[error("a key name has 1 to {MAX_KEY_NAME_LEN} bytes and no spaces, plus signs or control characters")]
    Name,
    /// The text is not three parts, joined by plus signs.
    #[error("a verifier key has the form <name>+<8 lower-case hex digits>+<base64>")]
    Form,
    /// The last part is not padded standard base64.
    #[error("the public key of a verifier key must be written in padded standard base64")]
    Encoding,
    /// The type byte stands for an algorithm that is not supported here.
    #[error("signature type {0:#04x} is not supported; 0x01 (Ed25519) and 0x04 (Ed25519 cosignature) are")]
    SignatureType(u8),
    /// The public key has the wrong number of bytes.
    #[error("an Ed25519 public key has {PUBLIC_KEY_LEN} bytes, not {0}")]
    Length(usize),
    /// The id in the text is not the one that follows from name, type and public key.
    #[error("the key id {found} does not belong to this name and public key, {expected} does")]
    IdMismatch {
        /// What follows from the other parts.
        expected: KeyId,
        /// What the text says.
        found: KeyId,
    },
}

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyError;

    fn from_str(name: &str) -> Result<Self, KeyError> {
        let length = (1..=MAX_KEY_NAME_LEN).contains(&name.len());
        let separators = name.contains(|c: char| c.is_whitespace() || c == '+');
        if length && !separators && !has_control_characters(name, &[]) {
            Ok(Self(name.to_owned()))
        } else {
            Err(KeyError::Name)
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyId {
    /// Derives the id: the first four bytes of `SHA-256(name || 0x0A || type || public key)`.
    pub fn derive(name: &KeyName, signature_type: SignatureType, public_key: &[u8; PUBLIC_KEY_LEN]) -> Self {
        let digest = sha256(&[name.0.as_bytes(), b"\n", &[signature_type as u8], public_key]);
        let [a, b, c, d, ..] = *digest.as_bytes();
        Self([a, b, c, d])
    }

    /// The four bytes, as they stand before a signature.
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }
}

impl From<[u8; 4]> for KeyId {
    fn from(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl TryFrom<u8> for SignatureType {
    type Error = KeyError;

    fn try_from(byte: u8) -> Result<Self, KeyError> {
        match byte {
            0x01 => Ok(Self::Ed25519),
            0x04 => Ok(Self::Cosignature),
            _ => Err(KeyError::SignatureType(byte)),
        }
    }
}

impl VerifierKey {
    /// A key of this name and type, with its id derived; the public key is in the encoding of RFC 8032
    /// section 5.1.2.
    pub fn new(name: KeyName, signature_type: SignatureType, public_key: [u8; PUBLIC_KEY_LEN]) -> Self {
        let id = KeyId::derive(&name, signature_type, &public_key);
        Self { name, id, signature_type, public_key }
    }

    /// The name of the key.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What the key signs and how.
    pub fn signature_type(&self) -> SignatureType {
        self.signature_type
    }

    /// The public key in the encoding of RFC 8032 section 5.1.2.
    pub fn public_key(&self) -> &[u8; PUBLIC_KEY_LEN] {
        &self.public_key
    }

    /// Whether this is a valid Ed25519 signature over exactly this message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public_key).verify(message, signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut typed_key = vec![self.signature_type as u8];
        typed_key.extend_from_slice(&self.public_key);
        write!(f, "{}+{}+{}", self.name, self.id, encode_base64(&typed_key))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.len() > MAX_VERIFIER_KEY_LEN {
            return Err(KeyError::Form);
        }
        // Base64 may itself hold plus signs: only the first two separate.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(typed_key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let name = name.parse()?;
        let found = parse_key_id(id).ok_or(KeyError::Form)?;
        let typed_key = decode_base64(typed_key).ok_or(KeyError::Encoding)?;
        let (type_byte, public_key) = typed_key.split_first().ok_or(KeyError::Length(0))?;
        let signature_type = SignatureType::try_from(*type_byte)?;
        let public_key = public_key.try_into().map_err(|_| KeyError::Length(public_key.len()))?;
        let key = Self::new(name, signature_type, public_key);
        if key.id == found { Ok(key) } else { Err(KeyError::IdMismatch { expected: key.id, found }) }
    }
}

fn parse_key_id(text: &str) -> Option<KeyId> {
    let canonical = text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let id = canonical.then(|| u32::from_str_radix(text, 16).ok()).flatten()?;
    Some(KeyId(id.to_be_bytes()))
}

/// A private key under a name and a type; what exactly it signs is up to the type.
#[derive(Debug)]
pub(crate) struct SigningKey {
    pair: Ed25519KeyPair,
    verifier_key: VerifierKey,
}

impl SigningKey {
    pub(crate) fn new(name: KeyName, signature_type: SignatureType, seed: &[u8; SEED_LEN]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are an Ed25519 seed");
        let mut public_key = [0; PUBLIC_KEY_LEN];
        public_key.copy_from_slice(pair.public_key().as_ref());
        Self { pair, verifier_key: VerifierKey::new(name, signature_type, public_key) }
    }

    pub(crate) fn verifier_key(&self) -> &VerifierKey {
        &self.verifier_key
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}
