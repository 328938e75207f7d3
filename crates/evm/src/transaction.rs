//! Transactions of type 2 (EIP-1559) in their signed form (EIP-2718), without value and without an access list: all that
//! anchoring needs.

use alloy_rlp::{Decodable, Encodable, Header};

use crate::signer::{self, Signer};
use crate::word::{Address, B256, keccak256};

/// The first byte of transactions of this type.
const TYPE: u8 = 0x02;

/// Bytes of a signed transaction that are looked at: as many as nodes take (go-ethereum's limit, 128 KiB).
const MAX_RAW: usize = 128 << 10;

/// What is to be done, and what may be paid for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The chain's number (EIP-155): elsewhere, the transaction is worth nothing.
    pub chain_id: u64,
    /// How many transactions the account has sent before.
    pub nonce: u64,
    /// At most this for each unit of gas, all in all, in wei.
    pub max_fee_per_gas: u128,
    /// At most this of it for the block's maker, in wei.
    pub max_priority_fee_per_gas: u128,
    /// At most this much gas.
    pub gas_limit: u64,
    /// The contract; without one, the input deploys a contract.
    pub to: Option<Address>,
    /// What the contract is given.
    pub input: Vec<u8>,
}

/// A transaction that can be handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Its hash, by which nodes know it.
    pub hash: B256,
    /// The bytes for `eth_sendRawTransaction`.
    pub raw: Vec<u8>,
}

/// What signed bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The transaction.
    pub transaction: Transaction,
    /// Who signed it.
    pub sender: Address,
    /// Its hash.
    pub hash: B256,
}

/// Why bytes are no signed transaction of the kind that this crate makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// Another type, or none.
    #[error("it is not a transaction of type 2 (EIP-1559)")]
    Type,
    /// More bytes than nodes take.
    #[error("it is longer than {MAX_RAW} bytes")]
    TooLong,
    /// Not the members of such a transaction, or not in their only right form.
    #[error("its encoding is wrong: {0}")]
    Encoding(alloy_rlp::Error),
    /// It moves money or has an access list, which ours never do.
    #[error("it moves value or has an access list")]
    Foreign,
    /// The signature is none, or has the larger of the two possible `s`.
    #[error("its signature is not valid")]
    Signature,
}

impl From<alloy_rlp::Error> for TransactionError {
    fn from(error: alloy_rlp::Error) -> Self {
        Self::Encoding(error)
    }
}

impl Transaction {
    /// Signs it. The same transaction and key give the same bytes each time.
    pub fn sign(&self, signer: &Signer) -> Signed {
        let signed = signer.sign(&self.signing_hash());
        let mut payload = self.fields();
        signed.y_parity.encode(&mut payload);
        encode_number(&signed.r, &mut payload);
        encode_number(&signed.s, &mut payload);
        let raw = envelope(&payload);
        Signed { hash: keccak256(&raw), raw }
    }

    /// Reads a signed transaction, and finds out who signed it.
    ///
    /// # Errors
    /// [`TransactionError`] when it is not one that [`Transaction::sign`] could have made.
    pub fn decode(raw: &[u8]) -> Result<Decoded, TransactionError> {
        if raw.len() > MAX_RAW {
            return Err(TransactionError::TooLong);
        }
        let mut rest = raw.strip_prefix(&[TYPE]).ok_or(TransactionError::Type)?;
        let mut payload = Header::decode_bytes(&mut rest, true)?;
        if !rest.is_empty() {
            return Err(alloy_rlp::Error::UnexpectedLength.into());
        }
        let transaction = Self::decode_fields(&mut payload)?;
        let y_parity = bool::decode(&mut payload)?;
        let (r, s) = (decode_number(&mut payload)?, decode_number(&mut payload)?);
        if !payload.is_empty() {
            return Err(alloy_rlp::Error::UnexpectedLength.into());
        }
        let signed = signer::Signed { y_parity, r, s };
        let sender = signed.signer(&transaction.signing_hash()).ok_or(TransactionError::Signature)?;
        Ok(Decoded { transaction, sender, hash: keccak256(raw) })
    }

    /// What is signed: the transaction as it is sent, less the signature.
    fn signing_hash(&self) -> B256 {
        keccak256(envelope(&self.fields()))
    }

    /// The members up to the access list, one after another.
    fn fields(&self) -> Vec<u8> {
        let mut fields = Vec::with_capacity(self.input.len() + 200);
        self.chain_id.encode(&mut fields);
        self.nonce.encode(&mut fields);
        self.max_priority_fee_per_gas.encode(&mut fields);
        self.max_fee_per_gas.encode(&mut fields);
        self.gas_limit.encode(&mut fields);
        self.to.as_ref().map_or(&[][..], |to| to.as_slice()).encode(&mut fields);
        let value = 0_u64;
        value.encode(&mut fields);
        self.input.as_slice().encode(&mut fields);
        let no_access_list = Header { list: true, payload_length: 0 };
        no_access_list.encode(&mut fields);
        fields
    }

    fn decode_fields(payload: &mut &[u8]) -> Result<Self, TransactionError> {
        let chain_id = u64::decode(payload)?;
        let nonce = u64::decode(payload)?;
        let max_priority_fee_per_gas = u128::decode(payload)?;
        let max_fee_per_gas = u128::decode(payload)?;
        let gas_limit = u64::decode(payload)?;
        let to = match Header::decode_bytes(payload, false)? {
            [] => None,
            to => Some(Address(to.try_into().map_err(|_| alloy_rlp::Error::UnexpectedLength)?)),
        };
        let value = decode_number(payload)?;
        let input = Header::decode_bytes(payload, false)?.to_vec();
        let access_list = Header::decode_bytes(payload, true)?;
        if value != [0; 32] || !access_list.is_empty() {
            return Err(TransactionError::Foreign);
        }
        Ok(Self { chain_id, nonce, max_fee_per_gas, max_priority_fee_per_gas, gas_limit, to, input })
    }
}

/// The type, and a list around the members.
fn envelope(payload: &[u8]) -> Vec<u8> {
    let header = Header { list: true, payload_length: payload.len() };
    let mut raw = Vec::with_capacity(1 + header.length_with_payload());
    raw.push(TYPE);
    header.encode(&mut raw);
    raw.extend_from_slice(payload);
    raw
}

/// A number of 256 bits: its bytes without leading zeros.
fn encode_number(bytes: &[u8; 32], out: &mut Vec<u8>) {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes[zeros..].encode(out);
}

fn decode_number(payload: &mut &[u8]) -> Result<[u8; 32], alloy_rlp::Error> {
    let digits = Header::decode_bytes(payload, false)?;
    if digits.first() == Some(&0) {
        return Err(alloy_rlp::Error::LeadingZero);
    }
    let zeros = 32_usize.checked_sub(digits.len()).ok_or(alloy_rlp::Error::Overflow)?;
    let mut bytes = [0; 32];
    bytes[zeros..].copy_from_slice(digits);
    Ok(bytes)
}
