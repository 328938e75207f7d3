//! Building a core claim from its parts.

use ark_ff::AdditiveGroup;

use super::{ClaimError, CoreClaim, EXPIRABLE, I_2, MERKLIZED_SHIFT, MerklizedRoot, Subject, UPDATABLE, V_2};
use crate::field::{self, Fr};

/// Collects the parts of a claim; [`CoreClaim::builder`] starts one.
#[derive(Debug, Clone)]
#[must_use]
pub struct ClaimBuilder {
    schema_hash: [u8; 16],
    version: u32,
    updatable: bool,
    subject: Subject,
    merklized_root: MerklizedRoot,
    expiration: Option<u64>,
    revocation_nonce: u64,
    index_data: [Fr; 2],
    value_data: [Fr; 2],
}

impl ClaimBuilder {
    pub(super) fn new(schema_hash: [u8; 16]) -> Self {
        Self {
            schema_hash,
            version: 0,
            updatable: false,
            subject: Subject::Issuer,
            merklized_root: MerklizedRoot::None,
            expiration: None,
            revocation_nonce: 0,
            index_data: [Fr::ZERO; 2],
            value_data: [Fr::ZERO; 2],
        }
    }

    /// The claim's version.
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Whether the issuer may publish newer versions of the claim.
    pub fn updatable(mut self, updatable: bool) -> Self {
        self.updatable = updatable;
        self
    }

    /// Whom the claim is about.
    pub fn subject(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    /// The root of the merklized credential; it takes the first data slot of the part it is in.
    pub fn merklized_root(mut self, root: MerklizedRoot) -> Self {
        self.merklized_root = root;
        self
    }

    /// When the claim expires, in Unix seconds; `None` for never.
    pub fn expiration(mut self, expiration: Option<u64>) -> Self {
        self.expiration = expiration;
        self
    }

    /// The number under which the claim can be revoked.
    pub fn revocation_nonce(mut self, nonce: u64) -> Self {
        self.revocation_nonce = nonce;
        self
    }

    /// The data slots `i_2` and `i_3`.
    pub fn index_data(mut self, data: [Fr; 2]) -> Self {
        self.index_data = data;
        self
    }

    /// The data slots `v_2` and `v_3`.
    pub fn value_data(mut self, data: [Fr; 2]) -> Self {
        self.value_data = data;
        self
    }

    /// Fills the data slots `v_2` and `v_3` with the two halves of a 256-bit digest, each as a big-endian integer; a
    /// whole digest does not fit one field element.
    pub fn value_digest(self, digest: [u8; 32]) -> Self {
        let half = |bytes: &[u8; 16]| Fr::from(u128::from_be_bytes(*bytes));
        let halves = digest.as_chunks::<16>().0;
        self.value_data([half(&halves[0]), half(&halves[1])])
    }

    /// Assembles the slots.
    ///
    /// # Errors
    /// [`ClaimError::SlotTaken`] if the merklized root would overwrite data.
    pub fn build(self) -> Result<CoreClaim, ClaimError> {
        let (subject_flag, index_id, value_id) = match self.subject {
            Subject::Issuer => (0, Fr::ZERO, Fr::ZERO),
            Subject::Index(id) => (2, id.to_field(), Fr::ZERO),
            Subject::Value(id) => (3, Fr::ZERO, id.to_field()),
        };
        let [mut i_2, i_3] = self.index_data;
        let [mut v_2, v_3] = self.value_data;
        let merklized_flag = match self.merklized_root {
            MerklizedRoot::None => 0,
            MerklizedRoot::Index(root) => {
                fill_empty(&mut i_2, root, I_2)?;
                1
            }
            MerklizedRoot::Value(root) => {
                fill_empty(&mut v_2, root, V_2)?;
                2
            }
        };
        let mut flags = subject_flag | merklized_flag << MERKLIZED_SHIFT;
        if self.expiration.is_some() {
            flags |= EXPIRABLE;
        }
        if self.updatable {
            flags |= UPDATABLE;
        }
        let i_0 = self.header(flags);
        let v_0 = u128::from(self.revocation_nonce) | u128::from(self.expiration.unwrap_or(0)) << 64;
        Ok(CoreClaim { slots: [i_0, index_id, i_2, i_3, Fr::from(v_0), value_id, v_2, v_3] })
    }

    /// Slot `i_0`.
    fn header(&self, flags: u8) -> Fr {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.schema_hash);
        bytes[16] = flags;
        bytes[20..24].copy_from_slice(&self.version.to_le_bytes());
        field::from_le_bytes(&bytes).expect("192 bits are below the modulus")
    }
}

fn fill_empty(data: &mut Fr, root: Fr, slot: usize) -> Result<(), ClaimError> {
    if *data != Fr::ZERO {
        return Err(ClaimError::SlotTaken { slot });
    }
    *data = root;
    Ok(())
}
