//! The iden3 core claim: eight field elements that state who may say what about whom
//! (<https://docs.iden3.io/protocol/claims-structure/>).
//!
//! Bit ranges of the slots, least significant first:
//!
//! ```text
//! i_0  [128 schema hash][32 flags][32 version][61 zero]
//!      flags: 0-2 subject (0 the issuer, 2 in the index, 3 in the value), 3 expirable, 4 updatable,
//!             5-7 merklized root (0 none, 1 in the index, 2 in the value), 8-31 zero
//! i_1  subject, if in the index       i_2, i_3  data; i_2 the merklized root, if in the index
//! v_0  [64 revocation nonce][64 expiration, Unix seconds][125 zero]
//! v_1  subject, if in the value       v_2, v_3  data; v_2 the merklized root, if in the value
//! ```
//!
//! Two claims with the same index slots are versions of one claim; the value slots may change between them.

mod builder;

use ark_ff::{AdditiveGroup, BigInteger, PrimeField};
use sha3::{Digest, Keccak256};

pub use self::builder::ClaimBuilder;
use crate::babyjubjub::PublicKey;
use crate::field::{self, FieldError, Fr};
use crate::id::{Id, IdError};
use crate::poseidon;

/// The length of a claim in bytes: eight slots of 32 bytes.
pub const CLAIM_BYTES: usize = 256;

/// The schema hash of an auth claim: of `https://schema.iden3.io/core/jsonld/auth.jsonld#AuthBJJCredential`.
pub const AUTH_SCHEMA_HASH: [u8; 16] = 0xcca3371a_6cb1b715_004407e3_25bd993c_u128.to_be_bytes();

const EXPIRABLE: u8 = 1 << 3;
const UPDATABLE: u8 = 1 << 4;
const MERKLIZED_SHIFT: u8 = 5;
const SUBJECT_MASK: u8 = 0b111;

/// Positions in [`CoreClaim::slots`].
const I_0: usize = 0;
const I_1: usize = 1;
const I_2: usize = 2;
const V_0: usize = 4;
const V_1: usize = 5;
const V_2: usize = 6;
const V_3: usize = 7;

/// The schema hash of a credential type: the last 16 bytes of Keccak-256 over `<JSON-LD context URL>#<type>`.
#[must_use]
pub fn schema_hash(context_url: &str, type_name: &str) -> [u8; 16] {
    let digest =
        Keccak256::new().chain_update(context_url).chain_update("#").chain_update(type_name).finalize();
    *digest.last_chunk().expect("a Keccak-256 digest has 32 bytes")
}

/// Why slots or text are not a claim, or a claim cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The text is not 512 lower-case hexadecimal digits.
    #[error("a core claim is {} lower-case hexadecimal digits", 2 * CLAIM_BYTES)]
    NotHex,
    /// A slot is not a field element.
    #[error("slot {slot} of the core claim: {source}")]
    Slot {
        /// Position of the slot, 0 to 7.
        slot: usize,
        /// What is wrong with it.
        source: FieldError,
    },
    /// Bits that the layout defines as zero are set, or a flag has an undefined value.
    #[error("slot {slot} of the core claim has bits set that have no meaning there")]
    UndefinedBits {
        /// Position of the slot, 0 to 7.
        slot: usize,
    },
    /// The subject's slot does not hold an identifier.
    #[error("the subject of the core claim is not an identifier: {0}")]
    Subject(#[from] IdError),
    /// The merklized root and data were both given for one slot.
    #[error("slot {slot} of the core claim is given both data and the merklized root")]
    SlotTaken {
        /// Position of the slot, 0 to 7.
        slot: usize,
    },
}

/// Whom a claim is about, and where it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subject {
    /// The issuer itself.
    #[default]
    Issuer,
    /// Another identity, in the index: one claim a subject.
    Index(Id),
    /// Another identity, in the value: a newer version of the claim may name another subject.
    Value(Id),
}

/// Where a claim holds the root of the credential's merklized document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MerklizedRoot {
    /// The document is not merklized.
    #[default]
    None,
    /// In slot `i_2`.
    Index(Fr),
    /// In slot `v_2`.
    Value(Fr),
}

/// A well-formed core claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreClaim {
    slots: [Fr; 8],
}

impl CoreClaim {
    /// Starts a claim about the issuer itself: version 0, not updatable, no expiration, nonce 0, no data.
    pub fn builder(schema_hash: [u8; 16]) -> ClaimBuilder {
        ClaimBuilder::new(schema_hash)
    }

    /// The claim with which an identity authorises its first key: the key in the index, nonce 0.
    #[must_use]
    pub fn auth(public_key: &PublicKey) -> Self {
        Self::builder(AUTH_SCHEMA_HASH)
            .index_data([public_key.x(), public_key.y()])
            .build()
            .expect("only a merklized root can conflict with data")
    }

    /// Takes slots `i_0` to `i_3`, `v_0` to `v_3`.
    ///
    /// # Errors
    /// [`ClaimError::UndefinedBits`] or [`ClaimError::Subject`] if they do not follow the layout.
    pub fn from_slots(slots: [Fr; 8]) -> Result<Self, ClaimError> {
        let claim = Self { slots };
        let i_0 = field::to_le_bytes(&slots[I_0]);
        let flags = claim.flags();
        let merklized = flags >> MERKLIZED_SHIFT;
        let reserved_is_zero = is_zero(&i_0[17..20]) && is_zero(&i_0[24..]);
        if merklized > 2 || !reserved_is_zero || !matches!(flags & SUBJECT_MASK, 0 | 2 | 3) {
            return Err(ClaimError::UndefinedBits { slot: I_0 });
        }
        let v_0 = field::to_le_bytes(&slots[V_0]);
        let unused_from = if flags & EXPIRABLE == 0 { 8 } else { 16 };
        if !is_zero(&v_0[unused_from..]) {
            return Err(ClaimError::UndefinedBits { slot: V_0 });
        }
        let subject_slot = match flags & SUBJECT_MASK {
            2 => Some(I_1),
            3 => Some(V_1),
            _ => None,
        };
        for slot in [I_1, V_1] {
            if subject_slot == Some(slot) {
                Id::from_field(&slots[slot])?;
            } else if slots[slot] != Fr::ZERO {
                return Err(ClaimError::UndefinedBits { slot });
            }
        }
        Ok(claim)
    }

    /// Parses the hexadecimal form that iden3 proofs carry (`coreClaim`): eight slots of 32 little-endian bytes.
    ///
    /// # Errors
    /// [`ClaimError::NotHex`], [`ClaimError::Slot`], or as [`CoreClaim::from_slots`].
    pub fn from_hex(text: &str) -> Result<Self, ClaimError> {
        let mut bytes = [0; CLAIM_BYTES];
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(ClaimError::NotHex);
        }
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ClaimError::NotHex)?;
        let mut slots = [Fr::ZERO; 8];
        for (slot, chunk) in bytes.as_chunks::<32>().0.iter().enumerate() {
            slots[slot] = field::from_le_bytes(chunk).map_err(|source| ClaimError::Slot { slot, source })?;
        }
        Self::from_slots(slots)
    }

    /// The hexadecimal form that iden3 proofs carry; the inverse of [`CoreClaim::from_hex`].
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.to_bytes())
    }

    /// Eight slots of 32 little-endian bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; CLAIM_BYTES] {
        let mut bytes = [0; CLAIM_BYTES];
        for (chunk, slot) in bytes.as_chunks_mut::<32>().0.iter_mut().zip(&self.slots) {
            *chunk = field::to_le_bytes(slot);
        }
        bytes
    }

    /// Slots `i_0` to `i_3`, `v_0` to `v_3`.
    #[must_use]
    pub fn slots(&self) -> &[Fr; 8] {
        &self.slots
    }

    /// Poseidon of the index slots: the claim's key in the claims tree.
    #[must_use]
    pub fn h_index(&self) -> Fr {
        let [i_0, i_1, i_2, i_3, ..] = self.slots;
        poseidon::hash_n(&[i_0, i_1, i_2, i_3])
    }

    /// Poseidon of the value slots: the claim's value in the claims tree.
    #[must_use]
    pub fn h_value(&self) -> Fr {
        let [.., v_0, v_1, v_2, v_3] = self.slots;
        poseidon::hash_n(&[v_0, v_1, v_2, v_3])
    }

    /// Poseidon of [`h_index`](Self::h_index) and [`h_value`](Self::h_value): what an issuer signs.
    #[must_use]
    pub fn hash(&self) -> Fr {
        poseidon::hash_n(&[self.h_index(), self.h_value()])
    }

    /// [`CoreClaim::hash`] as 32 big-endian bytes; in lower-case hexadecimal, the public `coreClaimHash`.
    #[must_use]
    pub fn core_claim_hash(&self) -> [u8; 32] {
        field::to_be_bytes(&self.hash())
    }

    /// The hash of the credential type, see [`schema_hash`].
    #[must_use]
    pub fn schema_hash(&self) -> [u8; 16] {
        low_u128(&self.slots[I_0]).to_le_bytes()
    }

    /// The claim's version: counts the changes of an updatable claim.
    #[must_use]
    pub fn version(&self) -> u32 {
        (self.slots[I_0].into_bigint().0[2] >> 32) as u32
    }

    /// Whether the issuer may publish newer versions of the claim.
    #[must_use]
    pub fn is_updatable(&self) -> bool {
        self.flags() & UPDATABLE != 0
    }

    /// Whom the claim is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let id = |slot: usize| Id::from_field(&self.slots[slot]).expect("checked when the claim was made");
        match self.flags() & SUBJECT_MASK {
            2 => Subject::Index(id(I_1)),
            3 => Subject::Value(id(V_1)),
            _ => Subject::Issuer,
        }
    }

    /// The root of the merklized credential, if there is one.
    #[must_use]
    pub fn merklized_root(&self) -> MerklizedRoot {
        match self.flags() >> MERKLIZED_SHIFT {
            1 => MerklizedRoot::Index(self.slots[I_2]),
            2 => MerklizedRoot::Value(self.slots[V_2]),
            _ => MerklizedRoot::None,
        }
    }

    /// When the claim expires, in Unix seconds; `None` if it does not.
    #[must_use]
    pub fn expiration(&self) -> Option<u64> {
        (self.flags() & EXPIRABLE != 0).then(|| self.slots[V_0].into_bigint().0[1])
    }

    /// The number under which the claim can be revoked.
    #[must_use]
    pub fn revocation_nonce(&self) -> u64 {
        self.slots[V_0].into_bigint().0[0]
    }

    /// The digest that [`ClaimBuilder::value_digest`] put into the value slots; `None` if they hold a merklized root
    /// or anything else that is not two integers of 128 bits.
    #[must_use]
    pub fn value_digest(&self) -> Option<[u8; 32]> {
        let halves = [&self.slots[V_2], &self.slots[V_3]];
        let fits = halves.iter().all(|half| half.into_bigint().num_bits() <= 128);
        if !fits || matches!(self.merklized_root(), MerklizedRoot::Value(_)) {
            return None;
        }
        let mut digest = [0; 32];
        for (chunk, half) in digest.as_chunks_mut::<16>().0.iter_mut().zip(halves) {
            *chunk = low_u128(half).to_be_bytes();
        }
        Some(digest)
    }

    /// The flags that are defined: bits 0 to 7.
    fn flags(&self) -> u8 {
        self.slots[I_0].into_bigint().0[2] as u8
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

/// The 128 least significant bits of an element.
fn low_u128(element: &Fr) -> u128 {
    let [low, high, ..] = element.into_bigint().0;
    u128::from(high) << 64 | u128::from(low)
}
