//! What a node answers instead of what it was asked for.
//!
//! JSON-RPC has codes for its own errors, but none on which nodes agree for a transaction that they don't take. So refusals
//! are told apart by their texts. The ones known here are of go-ethereum, Erigon, Besu, Nethermind, Reth, Anvil, Arbitrum, and
//! of the Cosmos chains that run an EVM.

use std::fmt;

use crate::hexadecimal::parse_data;

/// Characters of a node's message that are kept.
const MAX_MESSAGE: usize = 300;

/// Bytes of the data of a revert that are kept. Ours are shorter than 100.
const MAX_DATA: usize = 4096;

/// Why there is no answer. The texts are fit for the operator and for a log; of the node's URL they hold the host alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// Nobody answered, or not to the end, or not with JSON-RPC. Whether the request was carried out is unknown.
    #[error("the node {host} cannot be reached: {why}")]
    Unreachable {
        /// Host and port of the node.
        host: String,
        /// What happened.
        why: String,
    },
    /// There was an answer, but not one to this question.
    #[error("the node {host} gave an answer to {method} that makes no sense: {why}")]
    Malformed {
        /// Host and port of the node.
        host: String,
        /// What was asked.
        method: &'static str,
        /// What is wrong with the answer.
        why: String,
    },
    /// The node understood and declined.
    #[error("the node refused: {message} (code {code})")]
    Refused {
        /// The code of the JSON-RPC error.
        code: i64,
        /// Its message: at most 300 characters, none of them a control character.
        message: String,
        /// What a contract gave with its revert; empty when there was nothing, or more than 4096 bytes.
        data: Vec<u8>,
    },
}

/// Why a node refused, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The node has this very transaction already.
    AlreadyKnown,
    /// The account has sent a transaction of this nonce, and a block has it.
    NonceTooLow,
    /// Transactions of smaller nonces are missing.
    NonceTooHigh,
    /// The fees are too low: for the node, for the next block, or to replace the transaction that has this nonce.
    Underpriced,
    /// The account cannot pay for it.
    InsufficientFunds,
    /// The contract reverts.
    Reverted,
    /// Anything else: a limit of the provider, a method that it lacks, parameters that it does not like.
    Other,
}

impl RpcError {
    /// Why the node refused; `None` when it did not get so far.
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused { code, message, data } => Some(classify(*code, message, data)),
            Self::Unreachable { .. } | Self::Malformed { .. } => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyKnown => "the node has this transaction already",
            Self::NonceTooLow => "a transaction of this nonce is in the chain",
            Self::NonceTooHigh => "a transaction of a smaller nonce is missing",
            Self::Underpriced => "the fees are too low",
            Self::InsufficientFunds => "the account cannot pay for it",
            Self::Reverted => "the contract refuses it",
            Self::Other => "another reason",
        })
    }
}

/// Parts of messages, in small letters, and what they mean. The first that fits counts: what is more particular stands first.
const TEXTS: &[(&str, Refusal)] = &[
    ("unknown transaction", Refusal::Other),
    ("already known", Refusal::AlreadyKnown),
    ("alreadyknown", Refusal::AlreadyKnown),
    ("known transaction", Refusal::AlreadyKnown),
    ("already imported", Refusal::AlreadyKnown),
    ("alreadyimported", Refusal::AlreadyKnown),
    ("existing tx with same hash", Refusal::AlreadyKnown),
    ("already exists in cache", Refusal::AlreadyKnown),
    ("already in mempool", Refusal::AlreadyKnown),
    ("insufficient funds", Refusal::InsufficientFunds),
    ("insufficientfunds", Refusal::InsufficientFunds),
    ("insufficient balance", Refusal::InsufficientFunds),
    ("not enough funds", Refusal::InsufficientFunds),
    ("enough funds to cover", Refusal::InsufficientFunds),
    ("upfront cost exceeds", Refusal::InsufficientFunds),
    ("underpriced", Refusal::Underpriced),
    ("fee too low", Refusal::Underpriced),
    ("feetoolow", Refusal::Underpriced),
    ("insufficient fee", Refusal::Underpriced),
    ("replacementnotallowed", Refusal::Underpriced),
    ("another transaction with same nonce", Refusal::Underpriced),
    ("price too low", Refusal::Underpriced),
    ("price is too low", Refusal::Underpriced),
    ("price below", Refusal::Underpriced),
    ("less than block base fee", Refusal::Underpriced),
    ("less than current base fee", Refusal::Underpriced),
    ("lower than the block base fee", Refusal::Underpriced),
    ("below base fee", Refusal::Underpriced),
    ("below current base fee", Refusal::Underpriced),
    ("below the base fee", Refusal::Underpriced),
    ("nonce too low", Refusal::NonceTooLow),
    ("nonce is too low", Refusal::NonceTooLow),
    ("oldnonce", Refusal::NonceTooLow),
    ("pool(stale)", Refusal::NonceTooLow),
    ("nonce too high", Refusal::NonceTooHigh),
    ("nonce is too high", Refusal::NonceTooHigh),
    ("nonce gap", Refusal::NonceTooHigh),
    ("noncegap", Refusal::NonceTooHigh),
    ("noncetoofarinfuture", Refusal::NonceTooHigh),
    ("nonce is too distant", Refusal::NonceTooHigh),
    ("nonce too distant", Refusal::NonceTooHigh),
    ("nonce too far in the future", Refusal::NonceTooHigh),
    ("lower nonce exists", Refusal::NonceTooHigh),
    ("execution reverted", Refusal::Reverted),
    ("transaction reverted", Refusal::Reverted),
    ("vm execution error", Refusal::Reverted),
    ("revert", Refusal::Reverted),
];

fn classify(code: i64, message: &str, data: &[u8]) -> Refusal {
    let message = message.to_lowercase();
    // A revert can say anything: its own text comes after "execution reverted", and is the contract's, not the node's. What
    // a contract gives is a selector and words; a node that gives data of its own gives a hash.
    if code == 3 || message.starts_with("execution reverted") || data.len() % 32 == 4 {
        return Refusal::Reverted;
    }
    let known = TEXTS.iter().find(|(text, _)| message.contains(text)).map(|(_, refusal)| *refusal);
    known.or_else(|| sequence(&message)).unwrap_or(Refusal::Other)
}

/// Cosmos chains have one text for both directions, with two numbers: `invalid nonce; got 5, expected 7` and
/// `account sequence mismatch, expected 7, got 5`.
fn sequence(message: &str) -> Option<Refusal> {
    let number = |before: &str| -> Option<u64> {
        let (_, rest) = message.split_once(before)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    };
    let about_nonces = message.contains("nonce") || message.contains("sequence");
    match (number("got ")?, number("expected ")?) {
        (got, expected) if about_nonces && got < expected => Some(Refusal::NonceTooLow),
        (got, expected) if about_nonces && got > expected => Some(Refusal::NonceTooHigh),
        _ => None,
    }
}

/// What a node wrote, short enough for a log, on one line, and without those parts of the node's URL that may be secret.
pub(crate) fn tidy(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        text = text.replace(secret.as_str(), "***");
    }
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(MAX_MESSAGE).map(printable).collect()
}

/// The data of a revert out of the `data` member of a JSON-RPC error: most nodes write it there, some with `Reverted ` before
/// it, some one object deeper.
pub(crate) fn revert_data(value: &serde_json::Value) -> Vec<u8> {
    let inner = value.get("data").unwrap_or(value);
    let text = inner.as_str().unwrap_or_default();
    let text = text.strip_prefix("Reverted ").unwrap_or(text);
    parse_data(text).filter(|data| data.len() <= MAX_DATA).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: i64, message: &str) -> Option<Refusal> {
        RpcError::Refused { code, message: message.to_owned(), data: Vec::new() }.refusal()
    }

    #[test]
    fn refusals_are_told_apart_in_the_words_of_several_nodes() {
        use Refusal::*;
        for (message, refusal) in [
            // go-ethereum
            ("already known", AlreadyKnown),
            ("nonce too low: next nonce 5, tx nonce 3", NonceTooLow),
            ("nonce too low: address 0x01, tx: 3 state: 5", NonceTooLow),
            ("nonce too high: address 0x01, tx: 9 state: 5", NonceTooHigh),
            ("tx nonce gap: gapped-nonce tx from delegated accounts", NonceTooHigh),
            ("transaction underpriced: gas tip cap 1, minimum needed 1000000", Underpriced),
            ("replacement transaction underpriced", Underpriced),
            (
                "max fee per gas less than block base fee: address 0x01, maxFeePerGas: 1, baseFee: 7",
                Underpriced,
            ),
            ("insufficient funds for gas * price + value: balance 0, tx cost 21000", InsufficientFunds),
            ("execution reverted", Reverted),
            ("txpool is full", Other),
            ("unknown transaction", Other),
            ("exceeds block gas limit", Other),
            ("intrinsic gas too low", Other),
            // Erigon
            ("INTERNAL_ERROR: existing tx with same hash", AlreadyKnown),
            ("INTERNAL_ERROR: insufficient funds for gas * price + value", InsufficientFunds),
            ("fee too low", Underpriced),
            // Besu
            ("Known transaction", AlreadyKnown),
            ("Nonce too low", NonceTooLow),
            ("Transaction nonce is too distant from current sender nonce", NonceTooHigh),
            ("An invalid transaction with a lower nonce exists", NonceTooHigh),
            ("Replacement transaction underpriced", Underpriced),
            ("Gas price below configured minimum gas price", Underpriced),
            ("Gas price below current base fee", Underpriced),
            ("Upfront cost exceeds account balance", InsufficientFunds),
            ("Execution reverted", Reverted),
            // Nethermind
            ("AlreadyKnown", AlreadyKnown),
            ("OldNonce, Current nonce: 5, nonce of rejected tx: 3", NonceTooLow),
            ("NonceGap, Future nonce. Expected nonce: 5", NonceTooHigh),
            ("NonceTooFarInFuture", NonceTooHigh),
            ("FeeTooLow, MaxFeePerGas too low. MaxFeePerGas: 1, BaseFee: 7", Underpriced),
            ("FeeTooLowToCompete", Underpriced),
            ("ReplacementNotAllowed", Underpriced),
            ("InsufficientFunds, Account balance: 0, cumulative cost: 21000", InsufficientFunds),
            ("VM execution error.", Reverted),
            // Anvil
            ("transaction already imported", AlreadyKnown),
            ("nonce too low", NonceTooLow),
            ("max fee per gas less than block base fee", Underpriced),
            ("Insufficient funds for gas * price + value", InsufficientFunds),
            // Arbitrum
            ("gas price too low", Underpriced),
            ("not enough funds for gas", InsufficientFunds),
            // Cosmos chains
            ("tx already exists in cache", AlreadyKnown),
            ("tx already in mempool", AlreadyKnown),
            ("invalid nonce; got 5, expected 7: invalid sequence", NonceTooLow),
            ("invalid nonce; got 9, expected 7: invalid sequence", NonceTooHigh),
            ("account sequence mismatch, expected 7, got 5: incorrect account sequence", NonceTooLow),
            ("account sequence mismatch, expected 7, got 9: incorrect account sequence", NonceTooHigh),
            ("insufficient fee: got 1aevmos required 2aevmos", Underpriced),
            // Providers
            ("query returned more than 10000 results", Other),
            ("daily request count exceeded, request rate limited", Other),
            ("wrong number; got 5, expected 7", Other),
            ("", Other),
        ] {
            assert_eq!(refused(-32000, message), Some(refusal), "{message}");
        }
    }

    #[test]
    fn a_contract_cannot_pass_its_words_off_as_the_nodes() {
        assert_eq!(refused(3, "execution reverted: nonce too low"), Some(Refusal::Reverted));
        assert_eq!(refused(-32000, "execution reverted: already known"), Some(Refusal::Reverted));
        let with_data =
            RpcError::Refused { code: -32015, message: "already known".to_owned(), data: vec![1; 68] };
        assert_eq!(with_data.refusal(), Some(Refusal::Reverted));
        let with_hash =
            RpcError::Refused { code: -32010, message: "AlreadyKnown".to_owned(), data: vec![1; 32] };
        assert_eq!(with_hash.refusal(), Some(Refusal::AlreadyKnown));
    }

    #[test]
    fn only_a_refusal_is_one() {
        let host = "node.example".to_owned();
        assert_eq!(RpcError::Unreachable { host: host.clone(), why: "nonce too low".into() }.refusal(), None);
        assert_eq!(
            RpcError::Malformed { host, method: "eth_call", why: "nonce too low".into() }.refusal(),
            None
        );
    }

    #[test]
    fn messages_are_short_printable_and_without_secrets() {
        assert_eq!(tidy("a\nb\u{1b}[31m\tc\u{7f}", &[]), "a b [31m c ");
        assert_eq!(tidy(&"\u{e9}".repeat(1000), &[]).chars().count(), 300);
        assert_eq!(tidy("key 0123456789 is unknown", &["0123456789".to_owned()]), "key *** is unknown");
    }

    #[test]
    fn the_data_of_a_revert_is_found_where_nodes_put_it() {
        use serde_json::json;
        for value in
            [json!("0xc0de"), json!("Reverted 0xc0de"), json!({ "data": "0xc0de", "txHash": "0x00" })]
        {
            assert_eq!(revert_data(&value), [0xc0, 0xde], "{value}");
        }
        for value in [json!(null), json!("text"), json!("0xc0d"), json!(7), json!([]), json!({ "data": {} })]
        {
            assert!(revert_data(&value).is_empty(), "{value}");
        }
        assert!(revert_data(&json!(format!("0x{}", "00".repeat(4097)))).is_empty());
    }
}
