//! The master key and envelope encryption.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use model::Entropy;

use crate::Secret;

/// First byte of everything sealed: the form described at [`MasterKey::seal`].
const VERSION: u8 = 1;
const KEY_LEN: usize = 32;
const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;
const WRAPPED_LEN: usize = KEY_LEN + TAG_LEN;
const HEADER_LEN: usize = 1 + NONCE_LEN + WRAPPED_LEN + NONCE_LEN;

/// Why a text is no master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 32 bytes written as 64 hexadecimal digits; make one with: openssl rand -hex 32")]
pub struct MasterKeyError;

/// Why something sealed does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Cut short, or of a form that this version does not know.
    #[error("it is damaged, or sealed by a newer version")]
    Form,
    /// Sealed under another master key, or for another purpose, or changed.
    #[error("the master key does not open it: it was sealed under another one, or changed since")]
    Refused,
}

/// The key that all other keys rest under. It comes from a file or the environment and is never stored.
#[derive(Clone, Debug)]
pub struct MasterKey(Secret<[u8; KEY_LEN]>);

impl MasterKey {
    /// From its 32 bytes.
    pub const fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(Secret::new(bytes))
    }

    /// From 64 hexadecimal digits; white space around them is ignored.
    pub fn from_text(text: &str) -> Result<Self, MasterKeyError> {
        let mut bytes = [0; KEY_LEN];
        hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| MasterKeyError)?;
        Ok(Self::from_bytes(bytes))
    }

    /// A key of its own for `purpose`: the same master key always gives the same (HMAC-SHA256 of the purpose).
    pub fn derive(&self, purpose: &str) -> Secret<[u8; KEY_LEN]> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose());
        let mac = hmac::sign(&key, format!("bestow derived key: {purpose}").as_bytes());
        Secret::new(mac.as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes"))
    }

    /// Encrypts `secret` for `context`, which must be said again to open it.
    ///
    /// The form: version (1 byte), nonce, data key encrypted under the master key, nonce, secret encrypted under the data
    /// key; AES-256-GCM throughout, nonces of 12 bytes, tags of 16 bytes behind what they authenticate, `context` as
    /// additional authenticated data of both.
    pub fn seal(&self, context: &str, secret: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let data_key = Secret::new(entropy.bytes::<KEY_LEN>());
        let mut sealed = vec![VERSION];
        encrypt_to(&mut sealed, self.0.expose(), entropy.bytes(), context, data_key.expose());
        encrypt_to(&mut sealed, data_key.expose(), entropy.bytes(), context, secret);
        sealed
    }

    /// Decrypts what [`MasterKey::seal`] made for the same `context`.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, OpenError> {
        if sealed.len() < HEADER_LEN + TAG_LEN || sealed[0] != VERSION {
            return Err(OpenError::Form);
        }
        let (wrap, body) = sealed[1..].split_at(NONCE_LEN + WRAPPED_LEN);
        let data_key = decrypt(self.0.expose(), wrap, context)?;
        let data_key: [u8; KEY_LEN] = data_key.expose().as_slice().try_into().map_err(|_| OpenError::Form)?;
        decrypt(&data_key, body, context)
    }
}

fn cipher(key: &[u8; KEY_LEN]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes 32 bytes"))
}

fn encrypt_to(
    out: &mut Vec<u8>,
    key: &[u8; KEY_LEN],
    nonce: [u8; NONCE_LEN],
    context: &str,
    plaintext: &[u8],
) {
    let mut text = plaintext.to_vec();
    cipher(key)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context.as_bytes()),
            &mut text,
        )
        .expect("far below the limit of AES-GCM");
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&text);
}

/// `input` is the nonce and behind it the ciphertext.
fn decrypt(key: &[u8; KEY_LEN], input: &[u8], context: &str) -> Result<Secret<Vec<u8>>, OpenError> {
    let (nonce, text) = input.split_at(NONCE_LEN);
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Form)?;
    let mut text = text.to_vec();
    let plain = cipher(key)
        .open_in_place(nonce, Aad::from(context.as_bytes()), &mut text)
        .map_err(|_| OpenError::Refused)?
        .len();
    text.truncate(plain);
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting(std::sync::atomic::AtomicU8);
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let entropy = Counting(0.into());
        let master = MasterKey::from_bytes([7; 32]);
        let sealed = master.seal("key/1", b"secret", &entropy);
        assert_eq!(master.open("key/1", &sealed).expect("opens").expose(), b"secret");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_ne!(sealed, master.seal("key/1", b"secret", &entropy));

        assert_eq!(master.open("key/2", &sealed).expect_err("context"), OpenError::Refused);
        let other = MasterKey::from_bytes([8; 32]);
        assert_eq!(other.open("key/1", &sealed).expect_err("key"), OpenError::Refused);
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(master.open("key/1", &changed).is_err(), "byte {position}");
            assert!(master.open("key/1", &sealed[..position]).is_err(), "{position} bytes");
        }
    }

    #[test]
    fn master_keys_are_hex_and_never_shown() {
        let master = MasterKey::from_text(&format!(" {}\n", "0a".repeat(32))).expect("valid");
        assert_eq!(format!("{master:?}"), "MasterKey(Secret(..))");
        for bad in ["", "0a", &"0g".repeat(32), &"0a".repeat(33)] {
            assert!(MasterKey::from_text(bad).is_err(), "{bad}");
        }
    }
}
