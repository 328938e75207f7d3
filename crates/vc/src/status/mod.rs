//! Revocation status: one bitmap, two published forms, and unlinkable indexes into it.
//!
//! A [`StatusBits`] holds one bit per credential, set when it is revoked. It is published as a
//! [`StatusListToken`] for SD-JWT VC and as a [`BitstringStatusList`] for W3C credentials; an index means the same
//! credential in both. [`Permutation`] spreads a counter over the indexes, so that neighbours in a list say nothing
//! about the order of issuance.
//!
//! Strangers' lists may have several bits for each credential and other forms: [`references`] finds them in a credential,
//! [`TokenList`] and [`CredentialList`] read them.

mod bitstring;
mod credential_list;
mod list_error;
mod permutation;
mod reference;
mod token;
mod token_list;

use std::io::Read;

use thiserror::Error;

pub use bitstring::{BitstringError, BitstringStatusList, MIN_BITSTRING_SIZE};
pub use credential_list::CredentialList;
pub use list_error::{ListError, ListPeek, peek};
pub use permutation::{Permutation, PermutationError};
pub use reference::{MAX_REFERENCES, ReferenceError, StatusReference, references};
pub use token::{StatusListToken, TokenError};
pub use token_list::TokenList;

/// VALID of a Token Status List (section 7.1); an unset entry of a Bitstring Status List.
pub const VALID: u8 = 0;
/// INVALID of a Token Status List: revoked for ever. Other lists say by their purpose what a set entry means.
pub const INVALID: u8 = 1;
/// SUSPENDED of a Token Status List: not valid for the time being.
pub const SUSPENDED: u8 = 2;

/// The most bits that a list may have: 2 MiB of bitmap.
pub const MAX_SIZE: u32 = 1 << 24;

/// The longest signed status list that is read, in bytes. An incompressible list of [`MAX_SIZE`] bits is twice
/// base64url-encoded, in its member and as JWS payload, and stays below it.
const MAX_JWT_SIZE: usize = 4 << 20;

/// Why a bitmap cannot be made or changed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum StatusError {
    /// The size is zero, not a multiple of 8, or more than [`MAX_SIZE`].
    #[error("a status list has a multiple of 8 bits, from 8 to {MAX_SIZE}")]
    Size,
    /// The index is not below the size.
    #[error("index {index} is outside a status list of {size} bits")]
    Index {
        /// The index that was asked for.
        index: u32,
        /// Bits in the list.
        size: u32,
    },
}

/// Why a compressed list cannot be read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum DecodeError {
    /// The text is not unpadded base64url (with the prefix `u` in a Bitstring Status List).
    #[error("the encoded list is not base64url")]
    Encoding,
    /// The bytes cannot be decompressed.
    #[error("the encoded list cannot be decompressed")]
    Compression,
    /// The list decompresses to more bits than the caller allows.
    #[error("the list has more bits than allowed")]
    TooLarge,
    /// The list is empty.
    #[error("the list is empty")]
    Empty,
}

/// A bitmap of fixed size, one bit per credential; set means revoked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusBits {
    /// Bit `i` is bit `i % 8` of byte `i / 8`, counted from the least significant.
    bytes: Vec<u8>,
}

impl StatusBits {
    /// A list of `size` bits, none set.
    ///
    /// # Errors
    /// [`StatusError::Size`] unless `size` is a multiple of 8 from 8 to [`MAX_SIZE`].
    pub fn new(size: u32) -> Result<Self, StatusError> {
        if size == 0 || !size.is_multiple_of(8) || size > MAX_SIZE {
            return Err(StatusError::Size);
        }
        Ok(Self { bytes: vec![0; size as usize / 8] })
    }

    /// A list from the bytes that [`as_bytes`](Self::as_bytes) gave.
    ///
    /// # Errors
    /// [`StatusError::Size`] when there are no bytes or more than `MAX_SIZE / 8`.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, StatusError> {
        if bytes.is_empty() || bytes.len() > (MAX_SIZE / 8) as usize {
            return Err(StatusError::Size);
        }
        Ok(Self { bytes })
    }

    /// The bitmap in the order of a Token Status List: index 0 is the least significant bit of the first byte.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of bits, a multiple of 8.
    pub fn size(&self) -> u32 {
        // At most MAX_SIZE / 8 bytes, by construction.
        self.bytes.len() as u32 * 8
    }

    /// Whether the bit at `index` is set.
    ///
    /// # Errors
    /// [`StatusError::Index`] when `index` is not below [`size`](Self::size).
    pub fn get(&self, index: u32) -> Result<bool, StatusError> {
        let byte = self.bytes.get(index as usize / 8).ok_or_else(|| self.outside(index))?;
        Ok(byte >> (index % 8) & 1 == 1)
    }

    /// Sets or clears the bit at `index`.
    ///
    /// # Errors
    /// [`StatusError::Index`] when `index` is not below [`size`](Self::size).
    pub fn set(&mut self, index: u32, revoked: bool) -> Result<(), StatusError> {
        let outside = self.outside(index);
        let byte = self.bytes.get_mut(index as usize / 8).ok_or(outside)?;
        let mask = 1 << (index % 8);
        *byte = if revoked { *byte | mask } else { *byte & !mask };
        Ok(())
    }

    fn outside(&self, index: u32) -> StatusError {
        StatusError::Index { index, size: self.size() }
    }
}

/// Reads a decompressor to its end, but never more than `max_bits` bits: a few kilobytes can expand to gigabytes.
fn decompress(reader: impl Read, max_bits: u32) -> Result<Vec<u8>, DecodeError> {
    let max_bytes = u64::from(max_bits.min(MAX_SIZE) / 8);
    let mut bytes = Vec::new();
    reader.take(max_bytes + 1).read_to_end(&mut bytes).map_err(|_| DecodeError::Compression)?;
    match bytes.len() as u64 {
        0 => Err(DecodeError::Empty),
        length if length > max_bytes => Err(DecodeError::TooLarge),
        _ => Ok(bytes),
    }
}
