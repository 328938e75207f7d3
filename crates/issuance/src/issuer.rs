//! An issuer with its keys unsealed.

use aws_lc_rs::hmac;
use keys::{CredentialKey, MasterKey, Secret};
use model::{Issuer, KeyPurpose, KeyState, StoredKey};
use vc::status::Permutation;

use crate::EngineError;

/// log2 of the entries of a status list: 131,072, the least that the Bitstring Status List allows.
pub(crate) const LIST_BITS: u32 = 17;
/// The entries of a status list.
pub(crate) const LIST_SIZE: u32 = 1 << LIST_BITS;

/// An issuer that can sign.
#[derive(Debug)]
pub(crate) struct ActiveIssuer {
    pub(crate) issuer: Issuer,
    /// The issuer identifier of its SD-JWT VCs, and where its documents are: `{public_url}/issuers/{slug}`.
    pub(crate) url: String,
    /// The DID that its JOSE keys are found under.
    pub(crate) did_web: String,
    /// Every key that is published: next, current, previous.
    pub(crate) keys: Vec<CredentialKey>,
    current: usize,
    status_key: Secret<[u8; 32]>,
}

/// An entry of a status list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatusEntry {
    pub(crate) list: i64,
    pub(crate) index: u32,
}

/// The identifier of the issuer with this slug, which is also where its documents are.
pub(crate) fn issuer_url(public_url: &str, slug: &str) -> String {
    format!("{public_url}/issuers/{slug}")
}

impl ActiveIssuer {
    pub(crate) fn open(
        issuer: Issuer,
        stored: &[StoredKey],
        master: &MasterKey,
        public_url: &str,
    ) -> Result<Self, EngineError> {
        let missing =
            |what: &str| EngineError::inconsistent(format!("issuer {} has no {what} key", issuer.did));
        let of = |purpose| stored.iter().filter(move |key: &&StoredKey| key.purpose == purpose);
        let keys: Vec<CredentialKey> = of(KeyPurpose::Credential)
            .map(|key| CredentialKey::open(master, key))
            .collect::<Result<_, _>>()?;
        let current =
            keys.iter().position(|key| key.state == KeyState::Current).ok_or_else(|| missing("current"))?;
        let status = of(KeyPurpose::Status).next().ok_or_else(|| missing("status"))?;
        let url = issuer_url(public_url, &issuer.slug);
        let did_web = vc::did::did_web(&url)
            .map_err(|error| EngineError::inconsistent(format!("the public URL {public_url}: {error}")))?;
        Ok(Self { url, did_web, keys, current, status_key: keys::status_key(master, status)?, issuer })
    }

    /// The key that signs.
    pub(crate) fn current(&self) -> &CredentialKey {
        &self.keys[self.current]
    }

    /// Where a position of the counter leads: a list, and an index that says nothing about the position.
    pub(crate) fn status_entry(&self, position: i64) -> StatusEntry {
        let list = position >> LIST_BITS;
        let place = (position & i64::from(LIST_SIZE - 1)) as u32;
        // Each list is permuted under a key of its own.
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.status_key.expose());
        let key: [u8; 32] =
            hmac::sign(&key, &list.to_be_bytes()).as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes");
        let index = Permutation::new(&key, LIST_BITS).and_then(|permutation| permutation.apply(place));
        StatusEntry { list, index: index.expect("the place is below the size of a list") }
    }

    /// The URL of a Token Status List.
    pub(crate) fn token_list_url(&self, list: i64) -> String {
        format!("{}/status-lists/{list}", self.url)
    }

    /// The URL of a Bitstring Status List.
    pub(crate) fn bitstring_list_url(&self, list: i64) -> String {
        format!("{}/bitstring-status-lists/{list}", self.url)
    }
}
