//! Typed ids. Each is an opaque, case-sensitive string to everybody but the code that mints it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Entropy, Timestamp};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as it travels.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

text_id!(
    /// A tenant: the `partnerId` of the Partner JWT, a UUID.
    TenantId
);
text_id!(
    /// An issuer's internal id.
    IssuerId
);
text_id!(
    /// A schema: `schemeId` in the status answer.
    SchemaId
);
text_id!(
    /// An issuance program: `credentialId` of the issue-on-behalf request.
    ProgramId
);
text_id!(
    /// A person: `userUuid`, a UUID.
    HolderId
);
text_id!(
    /// An issued credential: `vcId`.
    CredentialId
);
text_id!(
    /// A signing key: the `kid` that documents carry.
    KeyId
);
text_id!(
    /// A user of a tenant, who acts by API keys: `createdBy` and its like, a UUID.
    UserId
);
text_id!(
    /// An API key (not the key itself), a UUID.
    ApiKeyId
);
text_id!(
    /// A credential offer, a UUID. Whoever knows it may fetch its claim code, so it is random.
    OfferId
);
text_id!(
    /// A collection of offers, a UUID.
    CollectionId
);
text_id!(
    /// An organisation profile, a UUID.
    ProfileId
);
text_id!(
    /// An uploaded image, a UUID. Whoever knows it may see the image, so it is random.
    ImageId
);
text_id!(
    /// An event of the audit trail.
    AuditEventId
);
text_id!(
    /// A search in the search history, a UUID.
    SearchId
);
text_id!(
    /// A request for a presentation: `correlationId`, a UUID. Whoever knows it may answer it, so it is random.
    PresentationId
);
text_id!(
    /// A job.
    JobId
);

/// The alphabet of time-ordered ids: digits and lower-case letters without `i`, `l`, `o`, `u` (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 22 characters: 48 bits of milliseconds, then 62 random bits. Sorts by time, so that indexes grow at one end.
fn time_ordered(now: Timestamp, entropy: &dyn Entropy) -> String {
    ordered(now, u64::from_be_bytes(entropy.bytes()) >> 2)
}

fn ordered(time: Timestamp, rest: u64) -> String {
    let millis = time.millis().unsigned_abs() & 0xffff_ffff_ffff;
    let value = u128::from(millis) << 62 | u128::from(rest);
    (0..22).rev().map(|digit| char::from(ALPHABET[(value >> (digit * 5)) as usize & 31])).collect()
}

impl CredentialId {
    /// The ids that are minted within the second that begins at `start`: the first that there can be, and the first after them.
    pub fn within_second(start: Timestamp) -> (Self, Self) {
        (ordered(start, 0).into(), ordered(start.plus_seconds(1), 0).into())
    }
}

/// A random UUID (RFC 9562, version 4).
pub fn random_uuid(entropy: &dyn Entropy) -> String {
    uuid::Builder::from_random_bytes(entropy.bytes()).into_uuid().to_string()
}

/// A UUID in the form in which ours are kept (lower case, with hyphens: RFC 9562, section 4), if the text is one in any case.
pub fn canonical_uuid(text: &str) -> Option<String> {
    let uuid = uuid::Uuid::try_parse(text).ok().filter(|_| text.len() == uuid::fmt::Hyphenated::LENGTH)?;
    Some(uuid.to_string())
}

macro_rules! minted {
    ($source:ident: $($name:ident),+) => {
        $(impl $name {
            /// A new id.
            pub fn mint(now: Timestamp, entropy: &dyn Entropy) -> Self {
                $source(now, entropy).into()
            }
        })+
    };
}

minted!(time_ordered: IssuerId, SchemaId, ProgramId, CredentialId, AuditEventId, JobId);

macro_rules! minted_at_random {
    ($($name:ident),+ $(,)?) => {
        $(impl $name {
            /// A new id: a random UUID, which says nothing about what it names.
            pub fn mint(entropy: &dyn Entropy) -> Self {
                random_uuid(entropy).into()
            }
        })+
    };
}

minted_at_random!(
    TenantId,
    HolderId,
    UserId,
    ApiKeyId,
    OfferId,
    CollectionId,
    ProfileId,
    ImageId,
    SearchId,
    PresentationId,
);

/// Why a text is no core claim hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a coreClaimHash is 64 lower-case hexadecimal digits")]
pub struct HashError;

/// `coreClaimHash`: Poseidon(hIndex, hValue) of the core claim, 32 bytes big-endian; 64 lower-case hex digits in text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoreClaimHash(pub [u8; 32]);

impl std::str::FromStr for CoreClaimHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(HashError);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| HashError)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for CoreClaimHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for CoreClaimHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(u8);
    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn ids_are_22_characters_and_sort_by_time() {
        let early = CredentialId::mint(Timestamp::from_seconds(1_700_000_000), &Fixed(255));
        let late = CredentialId::mint(Timestamp::from_seconds(1_700_000_001), &Fixed(0));
        assert_eq!(early.as_str().len(), 22);
        assert!(early < late);
    }

    #[test]
    fn ids_of_a_second_lie_between_its_ends() {
        let second = Timestamp::from_seconds(1_700_000_000);
        let (first, after) = CredentialId::within_second(second);
        for millis in [0, 1, 500, 999] {
            let id = CredentialId::mint(Timestamp(second.0 + millis * 1000), &Fixed(7));
            assert!(first <= id && id < after, "{millis}");
        }
        assert!(CredentialId::mint(second.plus_seconds(1), &Fixed(0)) >= after);
        assert!(CredentialId::mint(Timestamp(second.0 - 1), &Fixed(255)) < first);
    }

    #[test]
    fn core_claim_hashes_are_strict() {
        let text = "239704895d0c4693d33ee7ab9e37c6eb295f178d80074a32d4ace53b1a779c44";
        let hash: CoreClaimHash = text.parse().expect("the seed's own");
        assert_eq!(hash.to_string(), text);
        for bad in ["", &text[1..], &text.to_uppercase(), &format!("0x{text}"), &format!("{text} ")] {
            assert_eq!(bad.parse::<CoreClaimHash>(), Err(HashError), "{bad}");
        }
    }
}
