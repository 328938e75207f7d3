//! Encrypted requests and answers (OpenID4VCI 1.0, section 10): ECDH-ES on P-256 with AES-GCM.

use jose::jwe::{ContentEncryption, DecryptionKey, EncryptionKey, Message, decrypt};
use serde_json::Value;

use super::WalletError;
use crate::EngineError;
use crate::engine::Engine;
use crate::issuer::ActiveIssuer;

/// The longest plaintext of an encrypted request, in bytes.
const MAX_LEN: usize = 65_536;

/// How an answer is encrypted: `credential_response_encryption`.
#[derive(Clone, Debug)]
pub struct AnswerEncryption {
    key: EncryptionKey,
    enc: ContentEncryption,
    compressed: bool,
}

impl AnswerEncryption {
    /// Reads the member `credential_response_encryption` of a request.
    pub fn read(member: &Value) -> Result<Self, WalletError> {
        let refused =
            |what: &str| WalletError::InvalidEncryption(format!("credential_response_encryption: {what}."));
        let jwk = member.get("jwk").ok_or_else(|| refused("it has no jwk"))?;
        // Drafts say the algorithm beside the key, 1.0 in it.
        if [member.get("alg"), jwk.get("alg")].into_iter().flatten().any(|alg| alg != "ECDH-ES") {
            return Err(refused("its alg is not ECDH-ES"));
        }
        let key = EncryptionKey::from_jwk(jwk).map_err(|error| refused(&error.to_string()))?;
        let enc = member.get("enc").and_then(Value::as_str).ok_or_else(|| refused("it has no enc"))?;
        let enc = enc.parse().map_err(|_| refused("its enc is none of A128GCM, A256GCM"))?;
        let compressed = match member.get("zip") {
            None | Some(Value::Null) => false,
            Some(Value::String(zip)) if zip == "DEF" => true,
            Some(_) => return Err(refused("its zip is not DEF")),
        };
        Ok(Self { key, enc, compressed })
    }
}

impl Engine {
    /// The key to which requests at an issuer are encrypted: derived, so that every replica has it.
    pub(super) fn request_key(&self, issuer: &ActiveIssuer) -> Result<DecryptionKey, EngineError> {
        let scalar = self.master.derive(&format!("request-encryption/{}", issuer.issuer.id));
        DecryptionKey::from_scalar(scalar.expose())
            .map_err(|_| EngineError::inconsistent("the derived key for requests is out of range"))
    }

    /// The plaintext of an encrypted credential request.
    pub async fn decrypt_request(&self, slug: &str, jwe: &str) -> Result<Vec<u8>, WalletError> {
        let issuer = self.issuer_by_slug(slug).await?.ok_or(WalletError::UnknownIssuer)?;
        let key = self.request_key(&issuer)?;
        decrypt(jwe, &key, MAX_LEN).map_err(|error| {
            WalletError::InvalidEncryption(format!("The request cannot be decrypted: {error}."))
        })
    }

    /// Encrypts an answer as the request asked for it.
    pub fn encrypt_answer(&self, encryption: &AnswerEncryption, plaintext: &[u8]) -> String {
        let message =
            Message { enc: encryption.enc, compressed: encryption.compressed, typ: None, cty: Some("json") };
        encryption.key.encrypt(&message, plaintext, &mut |bytes| self.entropy.fill(bytes))
    }
}
