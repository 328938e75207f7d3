//! Agreeing on a key: ECDH on P-256 and the Concat KDF (RFC 7518, section 4.6).

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Value, json};

use super::{ContentEncryption, KEY_AGREEMENT};
use crate::base64url::b64url_encode;
use crate::curve::{Curve, split_point, uncompressed_point};
use crate::public_key::PublicKey;

/// A private key on P-256 to which others encrypt. It cannot be printed.
pub struct DecryptionKey {
    private: PrivateKey,
    public: PublicKey,
}

impl DecryptionKey {
    /// A key from its secret number, big-endian.
    ///
    /// # Errors
    ///
    /// [`InvalidScalar`] if the number is 0 or not below the order of the curve. Of random numbers one in four
    /// billion is so: draw another.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, InvalidScalar> {
        let private = PrivateKey::from_private_key(&ECDH_P256, scalar).map_err(|_| InvalidScalar)?;
        let point = private.compute_public_key().map_err(|_| InvalidScalar)?;
        let (x, y) = split_point(point.as_ref());
        let public = PublicKey::from_ec_point(Curve::P256, x, y).map_err(|_| InvalidScalar)?;
        Ok(Self { private, public })
    }

    /// The public JWK as it is published: with `use` (`enc`), `alg` (`ECDH-ES`), and the thumbprint (RFC 7638)
    /// as `kid`.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        let mut jwk = self.epk();
        jwk["use"] = json!("enc");
        jwk["alg"] = json!(KEY_AGREEMENT);
        jwk["kid"] = json!(b64url_encode(&self.public.thumbprint()));
        jwk
    }

    /// The public JWK as the header of a message names the key that was made for it.
    pub(super) fn epk(&self) -> Value {
        self.public.to_jwk()
    }

    /// The key that the holder of this key and the holder of the other one share for one message. None if the
    /// other one is not a point on the curve.
    pub(super) fn agree(&self, x: &[u8; 32], y: &[u8; 32], context: &KeyContext<'_>) -> Option<Vec<u8>> {
        let peer = UnparsedPublicKey::new(&ECDH_P256, uncompressed_point(x, y));
        agree(&self.private, peer, (), |secret| Ok(context.derive(secret))).ok()
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A number that is not the secret half of a key on P-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret number of a key on P-256 is at least 1 and below the order of the curve")]
pub struct InvalidScalar;

/// What a derived key is bound to (RFC 7518, section 4.6.2).
pub(super) struct KeyContext<'a> {
    pub(super) enc: ContentEncryption,
    /// Agreement PartyUInfo, decoded; usually empty.
    pub(super) apu: &'a [u8],
    /// Agreement PartyVInfo, decoded; usually empty.
    pub(super) apv: &'a [u8],
}

impl KeyContext<'_> {
    /// The Concat KDF (NIST SP 800-56A, section 5.8.1). One round of SHA-256 gives enough for either cipher.
    fn derive(&self, secret: &[u8]) -> Vec<u8> {
        let mut hash = Context::new(&SHA256);
        hash.update(&1_u32.to_be_bytes());
        hash.update(secret);
        for info in [self.enc.as_str().as_bytes(), self.apu, self.apv] {
            let len = u32::try_from(info.len()).expect("a token is shorter than 4 GiB");
            hash.update(&len.to_be_bytes());
            hash.update(info);
        }
        let bits = u32::try_from(self.enc.key_len() * 8).expect("at most 256");
        hash.update(&bits.to_be_bytes());
        hash.finish().as_ref()[..self.enc.key_len()].to_vec()
    }
}
