//! Signed notes: text with the signatures of one or more keys below it (signed-note).

use std::fmt;
use std::str::FromStr;

use crate::cosignature;
use crate::key::{KeyError, KeyId, KeyName, SEED_LEN, SignatureType, SigningKey, VerifierKey};
use crate::text::{decode_base64, encode_base64, has_control_characters};

/// The longest note, in bytes, signatures included.
pub const MAX_NOTE_LEN: usize = 1 << 20;

/// The most signatures on a note; signed-note asks verifiers to accept at least 16.
pub const MAX_SIGNATURES: usize = 100;

/// Em dash and space, which begin a signature line.
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// A note with its signatures, **none of which is checked yet**.
///
/// It formats to exactly the bytes that it was parsed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature on a note. Text form: a whole signature line, newline included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: KeyName,
    key_id: KeyId,
    signature: Vec<u8>,
}

/// A signature that was found valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedSignature<'k> {
    /// The key that made it.
    pub key: &'k VerifierKey,
    /// When a witness made it, in seconds since 1970 (UTC); only of type [`SignatureType::Cosignature`].
    pub timestamp: Option<u64>,
}

/// Signs notes with Ed25519 (signature type 0x01).
#[derive(Debug)]
pub struct NoteSigner(SigningKey);

/// Why a note cannot be read, made or trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The note is longer than [`MAX_NOTE_LEN`].
    #[error("the note has {0} bytes, more than {MAX_NOTE_LEN}")]
    TooLong(usize),
    /// The note has no empty line, behind which the signatures would stand.
    #[error("the note has no empty line between text and signatures")]
    NoSeparator,
    /// The text does not end in a newline, or holds control characters.
    #[error("the text of a note ends in a newline and has no other control characters")]
    Text,
    /// The note has no signature lines.
    #[error("the note has no signatures")]
    NoSignatures,
    /// The note has more signature lines than [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// A line below the empty line is not a signature line.
    #[error("a signature line has the form: em dash, key name, base64 of key id and signature")]
    SignatureLine,
    /// The name in a signature line is not a key name.
    #[error("a signature has no acceptable key name: {0}")]
    KeyName(#[source] KeyError),
    /// The signature of a known key does not verify.
    #[error("the signature of {0} does not verify")]
    InvalidSignature(KeyName),
    /// None of the keys asked for has signed.
    #[error("the note is not signed by any of the trusted keys")]
    NoTrustedSignature,
}

impl SignedNote {
    /// A note of this text, which must end in a newline, with these signatures.
    ///
    /// # Errors
    /// When the text has control characters or no last newline, or there are no or too many signatures, or
    /// all of it is too long. The signatures are not checked.
    pub fn new(text: String, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        if !text.ends_with('\n') || has_control_characters(&text, b"\n") {
            return Err(NoteError::Text);
        }
        if signatures.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let note = Self { text, signatures };
        match note.to_string().len() {
            0..=MAX_NOTE_LEN => Ok(note),
            len => Err(NoteError::TooLong(len)),
        }
    }

    /// The same note with one more signature, as the last.
    ///
    /// # Errors
    /// When the note would have too many signatures or be too long.
    pub fn with_signature(mut self, signature: NoteSignature) -> Result<Self, NoteError> {
        self.signatures.push(signature);
        Self::new(self.text, self.signatures)
    }

    /// The same note with those signatures alone that claim to be of these keys; all of them if none does.
    pub(crate) fn signed_by(&self, keys: &[VerifierKey]) -> Self {
        let theirs = |signature: &&NoteSignature| keys.iter().any(|key| signature.is_by(key));
        let signatures: Vec<_> = self.signatures.iter().filter(theirs).cloned().collect();
        if signatures.is_empty() { self.clone() } else { Self { text: self.text.clone(), signatures } }
    }

    /// What is signed: the text with its last newline. Do not trust it before [`SignedNote::verify`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in the order of their lines.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Checks the signatures of all these keys and returns them, each key at most once.
    ///
    /// Signatures of other keys, also of those that share only the name or only the id, are ignored.
    ///
    /// # Errors
    /// [`NoteError::InvalidSignature`] when a signature of one of the keys does not verify, and
    /// [`NoteError::NoTrustedSignature`] when none has signed.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<VerifiedSignature<'k>>, NoteError> {
        let verified = self.verified_signatures(keys)?;
        if verified.is_empty() { Err(NoteError::NoTrustedSignature) } else { Ok(verified) }
    }

    /// As [`SignedNote::verify`], but it is no error when none of the keys has signed.
    ///
    /// # Errors
    /// [`NoteError::InvalidSignature`] when a signature of one of the keys does not verify.
    pub fn verified_signatures<'k>(
        &self,
        keys: &'k [VerifierKey],
    ) -> Result<Vec<VerifiedSignature<'k>>, NoteError> {
        let mut verified: Vec<VerifiedSignature<'k>> = Vec::new();
        for signature in &self.signatures {
            let Some(key) = keys.iter().find(|key| signature.is_by(key)) else {
                continue;
            };
            let valid = signature.verify(key, &self.text)?;
            // A repeated signature must not count twice towards a quorum.
            if !verified.iter().any(|earlier| earlier.key == key) {
                verified.push(valid);
            }
        }
        Ok(verified)
    }
}

impl FromStr for SignedNote {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_LEN {
            return Err(NoteError::TooLong(note.len()));
        }
        // The text may have empty lines of its own: the last one separates.
        let separator = note.rfind("\n\n").ok_or(NoteError::NoSeparator)?;
        let (text, lines) = (&note[..=separator], &note[separator + 2..]);
        let mut signatures = Vec::new();
        for line in lines.split_inclusive('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(line.parse()?);
        }
        Self::new(text.to_owned(), signatures)
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

impl NoteSignature {
    pub(crate) fn new(key: &VerifierKey, signature: Vec<u8>) -> Self {
        Self { name: key.name().clone(), key_id: key.id(), signature }
    }

    /// The name of the key that claims to have signed.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key that claims to have signed.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The signature itself, in the encoding of its type, without the key id.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    pub(crate) fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == *key.name() && self.key_id == key.id()
    }

    pub(crate) fn verify<'k>(
        &self,
        key: &'k VerifierKey,
        text: &str,
    ) -> Result<VerifiedSignature<'k>, NoteError> {
        let timestamp = match key.signature_type() {
            SignatureType::Ed25519 => key.verifies(text.as_bytes(), &self.signature).then_some(None),
            SignatureType::Cosignature => cosignature::verify(key, text, &self.signature).map(Some),
        };
        let timestamp = timestamp.ok_or_else(|| NoteError::InvalidSignature(self.name.clone()))?;
        Ok(VerifiedSignature { key, timestamp })
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<Self, NoteError> {
        let (name, encoded) = line
            .strip_prefix(SIGNATURE_PREFIX)
            .and_then(|line| line.strip_suffix('\n'))
            .and_then(|line| line.split_once(' '))
            .ok_or(NoteError::SignatureLine)?;
        let name = name.parse().map_err(NoteError::KeyName)?;
        let bytes = decode_base64(encoded).ok_or(NoteError::SignatureLine)?;
        let (key_id, signature) = bytes.split_first_chunk().ok_or(NoteError::SignatureLine)?;
        if signature.is_empty() {
            return Err(NoteError::SignatureLine);
        }
        Ok(Self { name, key_id: KeyId::from(*key_id), signature: signature.to_vec() })
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.as_bytes(), self.signature.as_slice()].concat();
        writeln!(f, "{SIGNATURE_PREFIX}{} {}", self.name, encode_base64(&bytes))
    }
}

impl NoteSigner {
    /// A signer under this name, with the Ed25519 key of this seed (the private key of RFC 8032 section
    /// 5.1.5).
    pub fn new(name: KeyName, seed: &[u8; SEED_LEN]) -> Self {
        Self(SigningKey::new(name, SignatureType::Ed25519, seed))
    }

    /// The public half, for those who check.
    pub fn verifier_key(&self) -> VerifierKey {
        self.0.verifier_key().clone()
    }

    /// Signs a note text, last newline included. The same text always gets the same signature.
    pub fn sign(&self, text: &str) -> NoteSignature {
        NoteSignature::new(self.0.verifier_key(), self.0.sign(text.as_bytes()))
    }
}
