//! Merkle tree hashing with SHA-256 (RFC 6962 section 2.1; the same tree as RFC 9162 section 2.1.1).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256};

use crate::text::{decode_base64, encode_base64};

/// Length of a hash in bytes.
pub const HASH_LEN: usize = 32;

/// The root of a tree without leaves: SHA-256 of the empty string (RFC 6962 section 2.1).
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// Keeps a leaf from being passed off as an inner node, and the other way round (RFC 6962 section 2.1).
const LEAF_PREFIX: u8 = 0x00;
const NODE_PREFIX: u8 = 0x01;

/// A SHA-256 hash of a leaf, of a subtree or of the whole tree; text form: padded standard base64, 44
/// characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; HASH_LEN]);

/// Why a text is not a [`struct@Hash`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The text is not padded standard base64.
    #[error("a hash must be written in padded standard base64")]
    Encoding,
    /// The text decodes to another number of bytes.
    #[error("a hash has {HASH_LEN} bytes, not {0}")]
    Length(usize),
}

impl Hash {
    /// The 32 bytes of the hash, in the order in which SHA-256 writes them.
    pub const fn as_bytes(&self) -> &[u8; HASH_LEN] {
        &self.0
    }
}

impl From<[u8; HASH_LEN]> for Hash {
    fn from(bytes: [u8; HASH_LEN]) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_base64(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let bytes = decode_base64(text).ok_or(HashError::Encoding)?;
        let bytes = <[u8; HASH_LEN]>::try_from(bytes).map_err(|bytes| HashError::Length(bytes.len()))?;
        Ok(Self(bytes))
    }
}

/// Hashes the data of one leaf: `SHA-256(0x00 || data)`.
pub fn leaf_hash(data: &[u8]) -> Hash {
    sha256(&[&[LEAF_PREFIX], data])
}

/// Hashes two sibling subtrees into their parent: `SHA-256(0x01 || left || right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    // One contiguous buffer: two compression rounds and no context to keep, on the hottest path of the crate.
    let mut node = [NODE_PREFIX; 1 + 2 * HASH_LEN];
    node[1..=HASH_LEN].copy_from_slice(&left.0);
    node[1 + HASH_LEN..].copy_from_slice(&right.0);
    sha256(&[&node])
}

/// The Merkle tree hash over a list of leaf or subtree hashes; [`EMPTY_ROOT`] over none (RFC 6962 section
/// 2.1).
///
/// Over the hashes of equally large complete subtrees, of which only the last may be smaller and incomplete,
/// this is also the hash of the tree above them: the split points fall between the same subtrees.
pub fn tree_hash(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => EMPTY_ROOT,
        [hash] => *hash,
        _ => {
            let (left, right) = hashes.split_at(split_point(hashes.len()));
            node_hash(&tree_hash(left), &tree_hash(right))
        }
    }
}

/// The largest power of two below `count`, which must be at least 2.
const fn split_point(count: usize) -> usize {
    1 << (count - 1).ilog2()
}

pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut bytes = [0; HASH_LEN];
    bytes.copy_from_slice(context.finish().as_ref());
    Hash(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_root_is_the_digest_of_nothing() {
        assert_eq!(sha256(&[]), EMPTY_ROOT);
    }

    #[test]
    fn text_has_one_spelling() {
        let text = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(text.parse(), Ok(EMPTY_ROOT));
        assert_eq!(EMPTY_ROOT.to_string(), text);
        assert_eq!("AA==".parse::<Hash>(), Err(HashError::Length(1)));
        for bad in [&text[..43], "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", ""] {
            assert!(bad.parse::<Hash>().is_err(), "{bad:?}");
        }
        // The last character before the padding carries two unused bits; they must be zero.
        assert_eq!("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=".parse::<Hash>(), Err(HashError::Encoding));
    }
}
