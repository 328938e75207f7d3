//! Nonces for proofs of keys (OpenID4VCI 1.0, section 7): made without a trace, recognised by their MAC, used up with the
//! credential that they help to get.

use aws_lc_rs::constant_time;
use jose::{b64url_decode, b64url_encode};
use model::Timestamp;
use verify::sha256;

use super::WalletError;
use crate::engine::Engine;

/// For how many seconds a nonce is good.
pub const NONCE_SECONDS: i64 = 300;

/// Bytes of the moment at which it ends, of randomness, and of the MAC.
const PARTS: (usize, usize, usize) = (8, 16, 16);

/// The name under which a used nonce is kept.
pub(super) fn name_of(nonce: &str) -> [u8; 32] {
    sha256(format!("nonce {nonce}").as_bytes())
}

impl Engine {
    /// A nonce for proofs at the issuer with this slug.
    pub async fn nonce_at(&self, slug: &str) -> Result<String, WalletError> {
        let issuer = self.issuer_by_slug(slug).await?.ok_or(WalletError::UnknownIssuer)?;
        Ok(self.nonce(&issuer.url))
    }

    /// A nonce for proofs at the issuer with this identifier.
    pub fn nonce(&self, issuer_url: &str) -> String {
        let end = self.clock.now().plus_seconds(NONCE_SECONDS);
        let mut bytes = end.0.to_be_bytes().to_vec();
        bytes.extend(self.entropy.bytes::<{ PARTS.1 }>());
        let mac = self.nonce_mac(issuer_url, &bytes);
        bytes.extend(mac);
        b64url_encode(&bytes)
    }

    fn nonce_mac(&self, issuer_url: &str, bytes: &[u8]) -> [u8; PARTS.2] {
        let mac = self.mac("nonce", &[issuer_url.as_bytes(), b"\0", bytes].concat());
        mac[..PARTS.2].try_into().expect("HMAC-SHA-256 has 32 bytes")
    }

    /// Whether a nonce is one of ours for this issuer, and not over. Whether it was used, the database knows.
    pub(super) fn check_nonce(&self, issuer_url: &str, nonce: &str) -> Result<(), WalletError> {
        let foreign = || {
            WalletError::InvalidNonce(
                "The nonce is none of this issuer: fetch one from the nonce endpoint.".into(),
            )
        };
        let bytes = b64url_decode(nonce).map_err(|_| foreign())?;
        if bytes.len() != PARTS.0 + PARTS.1 + PARTS.2 {
            return Err(foreign());
        }
        let (said, mac) = bytes.split_at(PARTS.0 + PARTS.1);
        let expected = self.nonce_mac(issuer_url, said);
        constant_time::verify_slices_are_equal(mac, &expected).map_err(|_| foreign())?;
        let end = Timestamp(i64::from_be_bytes(said[..PARTS.0].try_into().expect("eight bytes")));
        if self.clock.now() >= end {
            return Err(WalletError::InvalidNonce("The nonce is over: fetch another one.".into()));
        }
        Ok(())
    }
}
