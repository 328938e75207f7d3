//! Transaction codes (OpenID4VCI 1.0, section 3.5): what a person types into the wallet, sent by e-mail, never together with the
//! offer.

use aws_lc_rs::constant_time;
use model::{ClaimSubject, TxCodeMode};
use store::ClaimCode;

use crate::engine::Engine;

/// Letters and digits that are not mistaken for one another.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

impl Engine {
    /// The transaction code that goes with a claim code: known from the master key and the row together, so that the database
    /// holds none.
    pub(crate) fn tx_code(&self, code: &ClaimCode, mode: TxCodeMode) -> String {
        let named = subject_bytes(&code.subject);
        let mac = self.mac("tx-code", &[named.as_slice(), &code.salt].concat());
        match mode {
            TxCodeMode::Numeric => {
                let number = u64::from_be_bytes(mac[..8].try_into().expect("HMAC-SHA-256 has 32 bytes"));
                format!("{:06}", number % 1_000_000)
            }
            TxCodeMode::Text => {
                mac[..mode.length()].iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
            }
        }
    }

    /// Whether what a person typed is the transaction code; letters count whatever their case.
    pub(super) fn is_tx_code(&self, code: &ClaimCode, mode: TxCodeMode, typed: &str) -> bool {
        let expected = self.tx_code(code, mode);
        let typed = typed.trim().to_ascii_uppercase();
        constant_time::verify_slices_are_equal(typed.as_bytes(), expected.as_bytes()).is_ok()
    }
}

pub(super) fn subject_bytes(subject: &ClaimSubject) -> Vec<u8> {
    match subject {
        // As codes of offers were always derived.
        ClaimSubject::Offer(id) => id.as_str().as_bytes().to_vec(),
        ClaimSubject::Credential(id) => format!("credential/{id}").into_bytes(),
    }
}
