//! Our own keys.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::base64url::append_b64url;
use crate::curve::{Curve, split_point};
use crate::jwk::JwkError;
use crate::public_key::PublicKey;
use crate::quoted::Quoted;

/// The longest PEM text that is read, in bytes: more than twice that of an RSA key with 8192 bits.
const MAX_PEM_LEN: usize = 16 * 1024;

/// A private key, prepared for signing. It cannot be printed.
///
/// The nonce of each ECDSA signature comes from the provider's own generator: whoever could choose it could
/// compute the key.
pub struct SigningKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

const CURVES: [(Curve, &EcdsaSigningAlgorithm); 2] =
    [(Curve::P256, &ECDSA_P256_SHA256_FIXED_SIGNING), (Curve::Secp256k1, &ECDSA_P256K1_SHA256_FIXED_SIGNING)];

impl SigningKey {
    /// Reads an unencrypted PKCS#8 document (RFC 5208): EC on P-256 or secp256k1, Ed25519 (RFC 8410), or RSA
    /// with 2048 to 8192 bits.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError::NotPkcs8`], or [`SigningKeyError::Refused`] for a key that we would not accept from
    /// others.
    pub fn from_pkcs8_der(document: &[u8]) -> Result<Self, SigningKeyError> {
        for (curve, algorithm) in CURVES {
            if let Ok(pair) = EcdsaKeyPair::from_pkcs8(algorithm, document) {
                let (x, y) = split_point(pair.public_key().as_ref());
                let public = PublicKey::from_ec_point(curve, x, y)?;
                return Ok(Self { public, pair: Pair::Ec(pair) });
            }
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8(document) {
            let x = pair.public_key().as_ref().try_into().expect("such a key has 32 bytes");
            return Ok(Self { public: PublicKey::from_ed25519(x)?, pair: Pair::Ed25519(pair) });
        }
        let pair = RsaKeyPair::from_pkcs8(document).map_err(|_| SigningKeyError::NotPkcs8)?;
        let RsaPublicKeyComponents { n, e } = pair.public_key().into();
        Ok(Self { public: PublicKey::from_rsa_components(n, e)?, pair: Pair::Rsa(pair) })
    }

    /// Reads such a document in PEM (RFC 7468, section 10): a single block `PRIVATE KEY`.
    ///
    /// # Errors
    ///
    /// As [`SigningKey::from_pkcs8_der`]; also [`SigningKeyError::Pem`], or [`SigningKeyError::PemLabel`] for
    /// another block.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, SigningKeyError> {
        if text.len() > MAX_PEM_LEN {
            return Err(SigningKeyError::TooLong);
        }
        let block = pem::parse(text)?;
        match block.tag() {
            "PRIVATE KEY" => Self::from_pkcs8_der(block.contents()),
            other => Err(SigningKeyError::PemLabel(other.to_owned())),
        }
    }

    /// The algorithm of this key's signatures.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a message; the form of the signature is the one that [`Algorithm`] gives.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        const CHECKED: &str = "a key that was read can sign, unless memory or the system's randomness fails";
        match &self.pair {
            Pair::Ec(pair) => pair.sign_digest(&digest(&SHA256, message)).expect(CHECKED).as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.try_sign(message).expect(CHECKED).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, &digest(&SHA256, message), &mut signature)
                    .expect(CHECKED);
                signature
            }
        }
    }

    /// Makes a compact JWS (RFC 7515, section 7.1). `alg` is set to this key's, whatever `header` says of it.
    ///
    /// # Panics
    ///
    /// If `header` is not an object.
    #[must_use]
    pub fn sign_compact(&self, header: &Value, payload: &[u8]) -> String {
        let mut header = header.as_object().expect("a JOSE header is an object").clone();
        header.insert("alg".to_owned(), self.algorithm().as_str().into());
        let header = Value::Object(header).to_string();

        let mut token = String::with_capacity((header.len() + payload.len()) * 4 / 3 + 128);
        append_b64url(&mut token, header.as_bytes());
        token.push('.');
        append_b64url(&mut token, payload);
        let signature = self.sign(token.as_bytes());
        token.push('.');
        append_b64url(&mut token, &signature);
        token
    }

    /// Makes a new key on P-256 from the provider's randomness, as a PKCS#8 document. The bytes are a secret.
    #[must_use]
    pub fn generate_es256_pkcs8() -> Vec<u8> {
        generate_ec_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    /// Makes a new key on secp256k1, as [`SigningKey::generate_es256_pkcs8`] does on P-256.
    #[must_use]
    pub fn generate_es256k_pkcs8() -> Vec<u8> {
        generate_ec_pkcs8(&ECDSA_P256K1_SHA256_FIXED_SIGNING)
    }

    /// Makes a new key for Ed25519 from the provider's randomness, as a PKCS#8 document. The bytes are a
    /// secret.
    #[must_use]
    pub fn generate_eddsa_pkcs8() -> Vec<u8> {
        let pair = Ed25519KeyPair::generate().expect(GENERATED);
        pair.to_pkcs8v1().expect(GENERATED).as_ref().to_vec()
    }

    /// Makes a new RSA key with 2048 bits from the provider's randomness, as a PKCS#8 document. The bytes are
    /// a secret.
    #[must_use]
    pub fn generate_rs256_pkcs8() -> Vec<u8> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect(GENERATED);
        AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect(GENERATED).as_ref().to_vec()
    }
}

const GENERATED: &str = "a key can be made and encoded, unless memory or the system's randomness fails";

fn generate_ec_pkcs8(algorithm: &'static EcdsaSigningAlgorithm) -> Vec<u8> {
    let pair = EcdsaKeyPair::generate(algorithm).expect(GENERATED);
    pair.to_pkcs8v1().expect(GENERATED).as_ref().to_vec()
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// Why a document is not a private key that we use.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The PEM text is longer than any key.
    #[error("the PEM text is longer than {MAX_PEM_LEN} bytes")]
    TooLong,
    /// The text is not PEM.
    #[error("not PEM: {0}")]
    Pem(#[from] pem::PemError),
    /// The PEM block is of another kind.
    #[error(
        "the PEM block is {}, not `PRIVATE KEY`: convert it with `openssl pkcs8 -topk8 -nodes`",
        Quoted(.0)
    )]
    PemLabel(String),
    /// The document is not PKCS#8, is encrypted, or is for another kind of key.
    #[error(
        "not an unencrypted PKCS#8 private key for EC P-256 or secp256k1, for Ed25519, or for RSA with 2048 to \
         8192 bits"
    )]
    NotPkcs8,
    /// The key is readable but unsafe.
    #[error("the private key is refused: {0}")]
    Refused(#[from] JwkError),
}
