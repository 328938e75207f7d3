//! Identifiers as DIDs: `did:<method>:<blockchain>:<network>:<base58 identifier>`
//! (<https://docs.iden3.io/protocol/spec/#identity>, "DID").

use std::borrow::Cow;

use aws_lc_rs::digest;

use crate::id::{GENESIS_BYTES, Id, IdError};

/// The longest DID that is read, in bytes.
pub const MAX_DID_BYTES: usize = 2048;

/// The longest name of a method, blockchain or network, in bytes.
const MAX_NAME_BYTES: usize = 32;

/// The type of identifiers that stand for DIDs of foreign methods.
const OTHER_TYPE: [u8; 2] = [0xff, 0xff];

/// The methods of the iden3 libraries, with their byte.
const WELL_KNOWN_METHODS: [(&str, u8); 2] = [("iden3", 0x01), ("polygonid", 0x02)];

/// The blockchains and networks of those methods, with their byte. Read-only identities have no network.
const WELL_KNOWN_NETWORKS: [(&str, &str, u8); 19] = [
    ("readonly", "", 0x00),
    ("polygon", "main", 0x11),
    ("polygon", "mumbai", 0x12),
    ("polygon", "amoy", 0x13),
    ("polygon", "zkevm", 0x14),
    ("polygon", "cardona", 0x15),
    ("eth", "main", 0x21),
    ("eth", "goerli", 0x22),
    ("eth", "sepolia", 0x23),
    ("linea", "sepolia", 0x48),
    ("linea", "main", 0x49),
    ("base", "main", 0x51),
    ("base", "sepolia", 0x52),
    ("bnb", "main", 0x61),
    ("bnb", "test", 0x62),
    ("privado", "main", 0xa1),
    ("privado", "test", 0xa2),
    ("billions", "main", 0xb1),
    ("billions", "test", 0xb2),
];

/// Why a text has no identifier, or an identifier no DID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// The text is longer than [`MAX_DID_BYTES`].
    #[error("a DID has at most {MAX_DID_BYTES} bytes")]
    TooLong,
    /// The text is not a DID (W3C DID Core 1.0, section 3.1); a DID URL with path, query or fragment is not one.
    #[error("the text is not a DID")]
    Syntax,
    /// The method is known, but not this blockchain and network.
    #[error("the DID method {method} has no known network like that of this DID")]
    UnknownNetwork {
        /// The method's name.
        method: String,
    },
    /// The last part of the DID is not an identifier.
    #[error("the DID does not end in an identifier: {0}")]
    Id(#[from] IdError),
    /// The identifier belongs to another method or network.
    #[error("the identifier is of type {found:02x?}, the DID's network has type {expected:02x?}")]
    Type {
        /// The type in the identifier.
        found: [u8; 2],
        /// The type of the method and network.
        expected: [u8; 2],
    },
}

/// Why a DID method cannot be defined so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DidMethodError {
    /// A name has characters that would not survive in a DID, or is too long.
    #[error(
        "{0:?} cannot be part of a DID: 1 to {MAX_NAME_BYTES} of a-z, 0-9 (and in a blockchain or network, '-')"
    )]
    Name(String),
    /// The type bytes have a meaning of their own.
    #[error("the type bytes {0:02x?} are reserved")]
    ReservedType([u8; 2]),
}

/// A DID method on one network: the words in the DID and the two type bytes in the identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DidMethod {
    method: Cow<'static, str>,
    blockchain: Cow<'static, str>,
    /// Empty for read-only identities, whose DIDs have no network.
    network: Cow<'static, str>,
    type_bytes: [u8; 2],
}

impl DidMethod {
    /// Defines a method: `did:<method>:<blockchain>:<network>:...`, with the type bytes of its identifiers (the
    /// method's byte, then blockchain and network).
    ///
    /// # Errors
    /// [`DidMethodError::Name`] for a name that is empty, longer than 32 bytes or not of lower-case letters, digits
    /// and (but for the method) hyphens; [`DidMethodError::ReservedType`] for the types 0000 and ffff.
    pub fn new(
        method: &str,
        blockchain: &str,
        network: &str,
        type_bytes: [u8; 2],
    ) -> Result<Self, DidMethodError> {
        for (name, hyphens) in [(method, false), (blockchain, true), (network, true)] {
            let allowed = |c: u8| is_method_byte(c) || (hyphens && c == b'-');
            if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(allowed) {
                return Err(DidMethodError::Name(name.to_owned()));
            }
        }
        if type_bytes == OTHER_TYPE || type_bytes == [0, 0] {
            return Err(DidMethodError::ReservedType(type_bytes));
        }
        Ok(Self {
            method: method.to_owned().into(),
            blockchain: blockchain.to_owned().into(),
            network: network.to_owned().into(),
            type_bytes,
        })
    }

    /// AIR's test network: `did:air:id:test:...`, type 03d2.
    #[must_use]
    pub const fn air_test() -> Self {
        Self::from_static("air", "id", "test", [0x03, 0xd2])
    }

    const fn from_static(
        method: &'static str,
        blockchain: &'static str,
        network: &'static str,
        type_bytes: [u8; 2],
    ) -> Self {
        Self {
            method: Cow::Borrowed(method),
            blockchain: Cow::Borrowed(blockchain),
            network: Cow::Borrowed(network),
            type_bytes,
        }
    }

    /// The methods and networks that the iden3 libraries know without configuration.
    fn well_known() -> impl Iterator<Item = Self> {
        WELL_KNOWN_METHODS.into_iter().flat_map(|(method, method_byte)| {
            WELL_KNOWN_NETWORKS.into_iter().map(move |(blockchain, network, network_byte)| {
                Self::from_static(method, blockchain, network, [method_byte, network_byte])
            })
        })
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The blockchain's name.
    #[must_use]
    pub fn blockchain(&self) -> &str {
        &self.blockchain
    }

    /// The network's name.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.network
    }

    /// The first two bytes of this method's identifiers.
    #[must_use]
    pub fn type_bytes(&self) -> [u8; 2] {
        self.type_bytes
    }

    /// The DID of an identifier of this method.
    ///
    /// # Errors
    /// [`DidError::Type`] for an identifier of another method or network.
    pub fn did(&self, id: &Id) -> Result<String, DidError> {
        self.check_type(id)?;
        Ok(format!("did:{}:{}:{id}", self.method, self.path()))
    }

    /// What stands in a DID between the method and the identifier.
    fn path(&self) -> Cow<'_, str> {
        if self.network.is_empty() {
            Cow::Borrowed(&self.blockchain)
        } else {
            Cow::Owned(format!("{}:{}", self.blockchain, self.network))
        }
    }

    fn check_type(&self, id: &Id) -> Result<(), DidError> {
        if id.type_bytes() == self.type_bytes {
            Ok(())
        } else {
            Err(DidError::Type { found: id.type_bytes(), expected: self.type_bytes })
        }
    }
}

/// [`DidMethod::air_test`].
impl Default for DidMethod {
    fn default() -> Self {
        Self::air_test()
    }
}

impl Id {
    /// The identifier of any DID, as a claim's subject needs one.
    ///
    /// A DID of one of the methods given, or of the iden3 libraries' own methods, contains its identifier, and every
    /// part of it is checked. Any other DID (`did:web`, `did:key`, ...) gets an identifier of type ffff whose genesis
    /// is the last 27 bytes of the DID's SHA-256; that is one-way.
    ///
    /// # Errors
    /// [`DidError::TooLong`] or [`DidError::Syntax`] for a text that is not a DID. For a known method,
    /// [`DidError::UnknownNetwork`], [`DidError::Id`] (the checksum, for example) or [`DidError::Type`].
    pub fn from_did(did: &str, methods: &[DidMethod]) -> Result<Self, DidError> {
        let (name, specific) = split_did(did)?;
        let mut candidates = methods
            .iter()
            .cloned()
            .chain(DidMethod::well_known())
            .filter(|candidate| candidate.method == name)
            .peekable();
        if candidates.peek().is_none() {
            return Ok(Self::of_foreign_did(did));
        }
        let unknown = || DidError::UnknownNetwork { method: name.to_owned() };
        let (path, text) = specific.rsplit_once(':').ok_or_else(unknown)?;
        let method = candidates.find(|candidate| candidate.path() == path).ok_or_else(unknown)?;
        let id = text.parse()?;
        method.check_type(&id)?;
        Ok(id)
    }

    fn of_foreign_did(did: &str) -> Self {
        let digest = digest::digest(&digest::SHA256, did.as_bytes());
        let genesis: &[u8; GENESIS_BYTES] =
            digest.as_ref().last_chunk().expect("a SHA-256 digest has 32 bytes");
        Self::from_genesis(OTHER_TYPE, *genesis)
    }
}

/// Splits a DID into the method's name and what is specific to the method.
fn split_did(did: &str) -> Result<(&str, &str), DidError> {
    if did.len() > MAX_DID_BYTES {
        return Err(DidError::TooLong);
    }
    let (method, specific) =
        did.strip_prefix("did:").and_then(|rest| rest.split_once(':')).ok_or(DidError::Syntax)?;
    let method_is_valid = !method.is_empty() && method.bytes().all(is_method_byte);
    if method_is_valid && is_method_specific_id(specific) {
        Ok((method, specific))
    } else {
        Err(DidError::Syntax)
    }
}

fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// `*( *idchar ":" ) 1*idchar`, where an idchar may be a percent-encoded byte.
fn is_method_specific_id(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let valid = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            b'.' | b'-' | b'_' | b':' => true,
            _ => byte.is_ascii_alphanumeric(),
        };
        if !valid {
            return false;
        }
    }
    !text.is_empty() && !text.ends_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4P6Hf6LYB359J9g7rS9UM38BcChiuXesqb69SMyxYm";

    fn read(did: &str) -> Result<Id, DidError> {
        Id::from_did(did, &[DidMethod::air_test()])
    }

    #[test]
    fn every_part_of_a_known_did_is_checked() {
        let unknown = |method: &str| Err(DidError::UnknownNetwork { method: method.to_owned() });
        assert_eq!(read(&format!("did:air:id:test:{ID}")), Ok(ID.parse().unwrap()));
        assert_eq!(read(&format!("did:air:id:main:{ID}")), unknown("air"));
        assert_eq!(read(&format!("did:air:{ID}")), unknown("air"));
        assert_eq!(read("did:air:test"), unknown("air"));
        assert_eq!(read(&format!("did:iden3:id:test:{ID}")), unknown("iden3"));
        assert_eq!(read("did:air:id:test:0"), Err(DidError::Id(IdError::NotBase58)));
        assert_eq!(
            read(&format!("did:iden3:polygon:amoy:{ID}")),
            Err(DidError::Type { found: [0x03, 0xd2], expected: [0x01, 0x13] })
        );
    }

    #[test]
    fn well_known_methods_need_no_configuration() {
        for method in DidMethod::well_known() {
            let id = Id::from_genesis(method.type_bytes(), [7; GENESIS_BYTES]);
            assert_eq!(Id::from_did(&method.did(&id).unwrap(), &[]), Ok(id));
        }
        let read_only = Id::from_genesis([0x01, 0x00], [7; GENESIS_BYTES]);
        assert_eq!(read(&format!("did:iden3:readonly:{read_only}")), Ok(read_only));
    }

    #[test]
    fn a_configured_method_is_read_and_written() {
        let method = DidMethod::new("acme", "moca-chain", "main", [0x42, 0x11]).unwrap();
        let id = Id::from_genesis(method.type_bytes(), [9; GENESIS_BYTES]);
        let did = method.did(&id).unwrap();
        assert_eq!(did, format!("did:acme:moca-chain:main:{id}"));
        assert_eq!(Id::from_did(&did, std::slice::from_ref(&method)), Ok(id));
        assert_eq!(read(&did).unwrap().type_bytes(), OTHER_TYPE, "unconfigured, it is a foreign DID");
        assert!(matches!(DidMethod::air_test().did(&id), Err(DidError::Type { .. })));
    }

    #[test]
    fn a_method_is_defined_within_limits() {
        let long = "a".repeat(33);
        for name in ["", "A", "a:b", "a b", "\u{e9}", "a-b", &long] {
            let error = DidMethodError::Name(name.to_owned());
            assert_eq!(DidMethod::new(name, "id", "test", [1, 1]), Err(error));
        }
        assert!(DidMethod::new("air", "", "test", [1, 1]).is_err());
        assert!(DidMethod::new("air", "id", "", [1, 1]).is_err());
        assert_eq!(DidMethod::new("air", "id", "x", [0xff; 2]), Err(DidMethodError::ReservedType([0xff; 2])));
        assert_eq!(DidMethod::new("air", "id", "x", [0; 2]), Err(DidMethodError::ReservedType([0; 2])));
        assert_eq!(DidMethod::new("air", "id", "test", [0x03, 0xd2]), Ok(DidMethod::default()));
    }

    #[test]
    fn only_dids_are_read() {
        for text in [
            "",
            "did:",
            "did:web",
            "did:web:",
            "did::x",
            "DID:web:x",
            "did:Web:x",
            "did:web:x:",
            "did:web:x/path",
            "did:web:x?query",
            "did:web:x#fragment",
            "did:web:x y",
            "did:web:%4",
            "did:web:%zz",
            "did:web:\u{e9}",
            "https://issuer.example",
        ] {
            assert_eq!(read(text), Err(DidError::Syntax), "{text:?}");
        }
        assert!(read("did:web:localhost%3A3000:user:alice").is_ok());
        let limit = format!("did:web:{}", "x".repeat(MAX_DID_BYTES - "did:web:".len()));
        assert!(read(&limit).is_ok());
        assert_eq!(read(&format!("{limit}x")), Err(DidError::TooLong));
    }
}
