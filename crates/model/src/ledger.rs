//! The leaves of the log.

use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{CoreClaimHash, Timestamp};

/// What a leaf of the log says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeafOp {
    /// A credential was issued.
    Issue,
    /// A credential was revoked.
    Revoke,
    /// A status list was so.
    Status,
}

words!(LeafOp { Issue = "issue", Revoke = "revoke", Status = "status" });

/// A leaf of the log. It holds no personal data: the `hash` of a credential is a commitment blinded by 128-bit salts and a
/// random nonce, and a status list is public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLeaf {
    /// Version of the leaf's form: 1.
    pub v: u8,
    /// What happened.
    pub op: LeafOp,
    /// The issuer's DID.
    pub issuer: String,
    /// The URL of the status list; only if the leaf is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// `coreClaimHash`; of a status list SHA-256 of its bytes as in the Token Status List (one bit a status, not compressed). 64
    /// lower-case hex digits.
    pub hash: String,
    /// When: seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
}

impl LogLeaf {
    /// A leaf about a credential, of the present version.
    pub fn new(op: LeafOp, issuer: &str, hash: CoreClaimHash, at: Timestamp) -> Self {
        Self { v: 1, op, issuer: issuer.to_owned(), list: None, hash: hash.to_string(), at: at.seconds() }
    }

    /// A leaf about the status list at a URL, of the present version.
    pub fn status(issuer: &str, list: &str, digest: &[u8; 32], at: Timestamp) -> Self {
        let (list, hash) = (Some(list.to_owned()), hex::encode(digest));
        Self { v: 1, op: LeafOp::Status, issuer: issuer.to_owned(), list, hash, at: at.seconds() }
    }

    /// The leaf's bytes: JSON without white space, members in the order of this type.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a leaf holds nothing that JSON cannot")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_has_one_form() {
        let leaf = LogLeaf::new(LeafOp::Issue, "did:x:1", CoreClaimHash([1; 32]), Timestamp::from_seconds(7));
        let json = leaf.to_json();
        assert_eq!(
            json,
            format!(r#"{{"v":1,"op":"issue","issuer":"did:x:1","hash":"{}","at":7}}"#, "01".repeat(32))
        );
        assert_eq!(serde_json::from_str::<LogLeaf>(&json).expect("reads back"), leaf);
    }

    #[test]
    fn a_leaf_about_a_list_names_it() {
        let leaf = LogLeaf::status("did:x:1", "https://x.example/0", &[2; 32], Timestamp::from_seconds(7));
        let json = leaf.to_json();
        let hash = "02".repeat(32);
        let expected = format!(
            r#"{{"v":1,"op":"status","issuer":"did:x:1","list":"https://x.example/0","hash":"{hash}","at":7}}"#
        );
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_str::<LogLeaf>(&json).expect("reads back"), leaf);
    }
}
