//! What ties a document to a leaf of the log: the leaf holds the hash of a core claim, and the core claim commits to the
//! payloads of the documents; or the leaf holds the digest of a status list, in which the document has an entry.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use iden3::CoreClaim;
use model::{CoreClaimHash, LeafOp, LogLeaf};
use serde::{Deserialize, Serialize};
use tlog::hash::Hash;
use tlog::tlog_proof::MAX_PATH_LEN;
use vc::status::{self, StatusBits, StatusReference};

/// What a proof file carries beside the proof, so that it can be checked with nothing else at hand. JSON, in the `extra` line of
/// the tlog-proof; members that are not known here are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Members", into = "Members")]
pub struct ProofExtra {
    /// The leaf's bytes.
    pub leaf: String,
    /// What the leaf's hash is made of.
    pub subject: ProofSubject,
    /// Where a chain holds a head of the log that covers the leaf.
    pub evm: Option<EvmRecord>,
}

/// What the hash in a leaf is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofSubject {
    /// A core claim, whose hash the leaf holds. Leaves of op `issue` and `revoke`.
    Credential {
        /// The core claim, in hex.
        core_claim: String,
        /// SHA-256 of each document's JWS payload in hex, by format; by format and number for further copies.
        commitments: BTreeMap<String, String>,
    },
    /// A status list, whose digest the leaf holds. Leaves of op `status`.
    List(ListBits),
}

/// A status list in a proof file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListBits {
    /// The list as the member `lst` of a Token Status List with one bit a status: base64url of zlib.
    pub bits: String,
}

/// The transaction by which a head of the log was written into a contract, and the way from the leaf to that head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvmRecord {
    /// The chain's id (EIP-155).
    pub chain_id: u64,
    /// The contract's address: `0x` and 40 hex digits.
    pub contract: String,
    /// The address that sent the transaction.
    pub publisher: String,
    /// The transaction's hash: `0x` and 64 hex digits.
    pub transaction: String,
    /// How many leaves the head covers.
    pub size: u64,
    /// The inclusion path of the leaf in the tree of that size, from the leaf up (RFC 9162, section 2.1.3.1): hashes in base64.
    pub path: Vec<String>,
}

/// What a status list says of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Its bit is not set.
    NotRevoked,
    /// Its bit is set.
    Revoked,
}

/// The members of the JSON object, any of which may be missing in a file of somebody else's making.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    leaf: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    core_claim: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commitments: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<ListBits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evm: Option<EvmRecord>,
}

impl TryFrom<Members> for ProofExtra {
    type Error = &'static str;

    fn try_from(members: Members) -> Result<Self, Self::Error> {
        let subject = match (members.core_claim, members.commitments, members.list) {
            (Some(core_claim), Some(commitments), None) => {
                ProofSubject::Credential { core_claim, commitments }
            }
            (None, None, Some(list)) => ProofSubject::List(list),
            _ => return Err("they have either coreClaim and commitments, or list"),
        };
        Ok(Self { leaf: members.leaf, subject, evm: members.evm })
    }
}

impl From<ProofExtra> for Members {
    fn from(extra: ProofExtra) -> Self {
        let ProofExtra { leaf, subject, evm } = extra;
        match subject {
            ProofSubject::Credential { core_claim, commitments } => {
                Self { leaf, core_claim: Some(core_claim), commitments: Some(commitments), list: None, evm }
            }
            ProofSubject::List(list) => {
                Self { leaf, core_claim: None, commitments: None, list: Some(list), evm }
            }
        }
    }
}

impl ListBits {
    /// How many entries of the list are revoked, and how many it has.
    ///
    /// # Errors
    /// [`CommitmentError::Form`] when it is no list.
    pub fn tally(&self) -> Result<(u32, u32), CommitmentError> {
        let bits = self.read()?;
        Ok((bits.as_bytes().iter().map(|byte| byte.count_ones()).sum(), bits.size()))
    }

    fn read(&self) -> Result<StatusBits, CommitmentError> {
        StatusBits::from_lst(&self.bits, status::MAX_SIZE).map_err(|error| form(&error))
    }
}

impl EvmRecord {
    /// The hashes of [`EvmRecord::path`].
    ///
    /// # Errors
    /// [`CommitmentError::Form`] when one is no hash, or there are more than a path can have.
    pub fn path(&self) -> Result<Vec<Hash>, CommitmentError> {
        if self.path.len() > MAX_PATH_LEN {
            return Err(form(&format!("an inclusion path has at most {MAX_PATH_LEN} hashes")));
        }
        self.path.iter().map(|hash| hash.parse().map_err(|error| form(&error))).collect()
    }
}

/// Why a proof file and a credential do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitmentError {
    /// The extra data are not of our form.
    #[error("the proof's extra data are not what Bestow writes: {0}")]
    Form(String),
    /// The extra data are of the other form than the leaf's op.
    #[error("the proof's extra data are not those of a leaf of op {0}")]
    Subject(&'static str),
    /// The leaf holds another hash.
    #[error("the core claim does not have the hash that the leaf holds")]
    Hash,
    /// The core claim commits to other documents.
    #[error("the core claim does not commit to these documents")]
    Digest,
    /// The credential is none of the documents.
    #[error("the credential is none of those that the core claim commits to")]
    Document,
    /// The leaf holds the digest of another list.
    #[error("the status list does not have the digest that the leaf holds")]
    ListDigest,
    /// The credential's status is in another list.
    #[error("the credential does not name the status list {0}, which the proof is about")]
    OtherList(String),
    /// The credential's entry is behind the list's end.
    #[error("the credential's entry {index} is not in the status list, which has {size}")]
    Entry {
        /// The entry that the credential names.
        index: u32,
        /// Entries of the list.
        size: u32,
    },
}

fn form(what: &dyn std::fmt::Display) -> CommitmentError {
    CommitmentError::Form(what.to_string())
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// SHA-256 of the payload of a compact JWS, alone or at the head of an SD-JWT: what a core claim commits to.
pub fn commitment(document: &str) -> Option<[u8; 32]> {
    payload(document).map(|payload| sha256(&payload))
}

fn payload(document: &str) -> Option<Vec<u8>> {
    let payload = document.split('~').next()?.split('.').nth(1)?;
    jose::b64url_decode(payload).ok()
}

/// The digest that the core claim carries: SHA-256 over the [`commitment`] of each document, in the order of their names.
pub fn digest_of(commitments: &BTreeMap<String, [u8; 32]>) -> [u8; 32] {
    sha256(&commitments.values().flatten().copied().collect::<Vec<u8>>())
}

/// Checks that the leaf of a proof stands for what the proof carries: the core claim and, through it, the documents; or the status
/// list. If a credential is given, it must be one of the documents, or have an entry in the list: what the entry says,
/// [`listed`] tells. The leaf's place in the log is checked by [`tlog`], not here.
///
/// # Errors
/// [`CommitmentError`] when anything does not fit.
pub fn verify_commitments(extra: &ProofExtra, credential: Option<&str>) -> Result<LogLeaf, CommitmentError> {
    let leaf: LogLeaf = serde_json::from_str(&extra.leaf).map_err(|error| form(&error))?;
    match (&extra.subject, leaf.op) {
        (ProofSubject::Credential { core_claim, commitments }, LeafOp::Issue | LeafOp::Revoke) => {
            verify_documents(&leaf, core_claim, commitments, credential)?;
        }
        (ProofSubject::List(list), LeafOp::Status) => {
            let bits = verify_list(&leaf, list)?;
            if let Some(credential) = credential {
                entry_of(&leaf, &bits, credential)?;
            }
        }
        _ => return Err(CommitmentError::Subject(leaf.op.as_str())),
    }
    Ok(leaf)
}

/// What the status list of a proof says of a credential; `None` if the proof is of no list. Checks what [`verify_commitments`]
/// checks of a list.
///
/// # Errors
/// [`CommitmentError`] when list and leaf, or list and credential, do not belong together.
pub fn listed(extra: &ProofExtra, credential: &str) -> Result<Option<Listed>, CommitmentError> {
    let ProofSubject::List(list) = &extra.subject else { return Ok(None) };
    let leaf: LogLeaf = serde_json::from_str(&extra.leaf).map_err(|error| form(&error))?;
    entry_of(&leaf, &verify_list(&leaf, list)?, credential).map(Some)
}

fn verify_documents(
    leaf: &LogLeaf,
    core_claim: &str,
    commitments: &BTreeMap<String, String>,
    credential: Option<&str>,
) -> Result<(), CommitmentError> {
    let claim = CoreClaim::from_hex(core_claim).map_err(|error| form(&error))?;
    if CoreClaimHash(claim.core_claim_hash()).to_string() != leaf.hash {
        return Err(CommitmentError::Hash);
    }
    let mut digests = BTreeMap::new();
    for (name, digest) in commitments {
        let mut bytes = [0; 32];
        hex::decode_to_slice(digest, &mut bytes).map_err(|error| form(&error))?;
        digests.insert(name.clone(), bytes);
    }
    if claim.value_digest() != Some(digest_of(&digests)) {
        return Err(CommitmentError::Digest);
    }
    if let Some(credential) = credential {
        let found = commitment(credential.trim()).ok_or(CommitmentError::Document)?;
        if !digests.values().any(|committed| *committed == found) {
            return Err(CommitmentError::Document);
        }
    }
    Ok(())
}

fn verify_list(leaf: &LogLeaf, list: &ListBits) -> Result<StatusBits, CommitmentError> {
    let bits = list.read()?;
    if hex::encode(sha256(bits.as_bytes())) == leaf.hash {
        Ok(bits)
    } else {
        Err(CommitmentError::ListDigest)
    }
}

/// What the list of a leaf says of a credential, which must name that list in its payload.
fn entry_of(leaf: &LogLeaf, bits: &StatusBits, credential: &str) -> Result<Listed, CommitmentError> {
    let list = leaf.list.as_deref().ok_or_else(|| form(&"the leaf names no status list"))?;
    let other = || CommitmentError::OtherList(list.to_owned());
    let payload = payload(credential.trim()).ok_or_else(other)?;
    let claims = jose::strict_json(&payload).map_err(|_| other())?;
    let references = status::references(claims.as_object().ok_or_else(other)?).map_err(|_| other())?;
    let index = references.iter().find_map(|reference| index_in(list, reference)).ok_or_else(other)?;
    let revoked = bits.get(index).map_err(|_| CommitmentError::Entry { index, size: bits.size() })?;
    Ok(if revoked { Listed::Revoked } else { Listed::NotRevoked })
}

/// The index that a status entry has in a Token Status List. Of each list there are two forms with the same indexes, side by
/// side; a leaf names the Token Status List.
fn index_in(list: &str, reference: &StatusReference) -> Option<u32> {
    match reference {
        StatusReference::Token { uri, idx } => (uri == list).then_some(*idx),
        StatusReference::Bitstring { url, index, purpose, size: 1, .. } if purpose == "revocation" => {
            let (issuer, number) = url.rsplit_once("/bitstring-status-lists/")?;
            (format!("{issuer}/status-lists/{number}") == list).then_some(*index)
        }
        StatusReference::Bitstring { .. } | StatusReference::Unsupported { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use serde_json::{Value, json};

    use super::*;

    const LIST: &str = "https://a.example/issuers/x/status-lists/3";

    /// The form that files had before there were chains and lists.
    const OLD: &str = r#"{"leaf":"{}","coreClaim":"00","commitments":{"dc+sd-jwt":"11"}}"#;

    fn record() -> EvmRecord {
        EvmRecord {
            chain_id: 31337,
            contract: "0x01".to_owned(),
            publisher: "0x02".to_owned(),
            transaction: "0x03".to_owned(),
            size: 9,
            path: vec!["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned()],
        }
    }

    fn list(revoked: &[u32]) -> ProofExtra {
        let mut bits = StatusBits::new(64).expect("a size");
        for index in revoked {
            bits.set(*index, true).expect("an index");
        }
        let digest = sha256(bits.as_bytes());
        let leaf = LogLeaf::status("did:x:1", LIST, &digest, Timestamp::from_seconds(7)).to_json();
        ProofExtra { leaf, subject: ProofSubject::List(ListBits { bits: bits.to_lst() }), evm: None }
    }

    fn document(claims: &Value) -> String {
        format!("e30.{}.AAAA", jose::b64url_encode(claims.to_string().as_bytes()))
    }

    fn sd_jwt(uri: &str, idx: u32) -> String {
        format!("{}~", document(&json!({"status": {"status_list": {"uri": uri, "idx": idx}}})))
    }

    fn jwt(url: &str, index: u32, purpose: &str) -> String {
        document(&json!({"vc": {"credentialStatus": {
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListCredential": url,
            "statusListIndex": index.to_string(),
        }}}))
    }

    #[test]
    fn old_files_read_and_write_as_ever() {
        let extra: ProofExtra = serde_json::from_str(OLD).expect("reads");
        assert!(matches!(extra.subject, ProofSubject::Credential { .. }));
        assert_eq!(serde_json::to_string(&extra).expect("writes"), OLD);
    }

    #[test]
    fn a_chain_stands_behind_all_else() {
        let mut extra: ProofExtra = serde_json::from_str(OLD).expect("reads");
        extra.evm = Some(record());
        let text = serde_json::to_string(&extra).expect("writes");
        let evm = r#","evm":{"chainId":31337,"contract":"0x01","publisher":"0x02","transaction":"0x03","size":9,"path":["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]}}"#;
        assert_eq!(text, OLD.replace("\"}}", &format!("\"}}{evm}")));
        assert_eq!(serde_json::from_str::<ProofExtra>(&text).expect("reads back"), extra);
        assert_eq!(record().path().expect("hashes").len(), 1);
    }

    #[test]
    fn a_path_has_limits() {
        let long = EvmRecord { path: vec![record().path[0].clone(); MAX_PATH_LEN + 1], ..record() };
        let spoilt = EvmRecord { path: vec!["x".to_owned()], ..record() };
        assert!(long.path().is_err() && spoilt.path().is_err());
    }

    #[test]
    fn neither_form_is_half_filled() {
        let full = json!({"leaf": "{}", "coreClaim": "", "commitments": {}, "list": {"bits": ""}, "else": 1});
        let without = |names: &[&str]| {
            let mut members = full.as_object().expect("an object").clone();
            members.retain(|name, _| !names.contains(&name.as_str()));
            serde_json::from_value::<ProofExtra>(Value::Object(members))
        };
        assert!(without(&["list"]).is_ok() && without(&["coreClaim", "commitments"]).is_ok());
        for names in [
            &[][..],
            &["coreClaim"],
            &["commitments"],
            &["coreClaim", "list"],
            &["commitments", "list"],
            &["coreClaim", "commitments", "list"],
            &["leaf", "list"],
        ] {
            assert!(without(names).is_err(), "{names:?}");
        }
    }

    #[test]
    fn the_form_is_that_of_the_op() {
        let status = list(&[]);
        verify_commitments(&status, None).expect("a list");
        let issue = LogLeaf { op: LeafOp::Issue, ..serde_json::from_str(&status.leaf).expect("a leaf") };
        let refused = verify_commitments(&ProofExtra { leaf: issue.to_json(), ..status.clone() }, None);
        assert_eq!(refused, Err(CommitmentError::Subject("issue")));
        let old: ProofExtra = serde_json::from_str(OLD).expect("reads");
        let refused = verify_commitments(&ProofExtra { leaf: status.leaf, ..old }, None);
        assert_eq!(refused, Err(CommitmentError::Subject("status")));
    }

    #[test]
    fn a_list_tells_who_was_revoked() {
        let extra = list(&[5, 63]);
        let bitstring = LIST.replace("status-lists", "bitstring-status-lists");
        for (credential, expected) in [
            (sd_jwt(LIST, 5), Listed::Revoked),
            (sd_jwt(LIST, 6), Listed::NotRevoked),
            (jwt(&bitstring, 63, "revocation"), Listed::Revoked),
            (jwt(&bitstring, 0, "revocation"), Listed::NotRevoked),
        ] {
            verify_commitments(&extra, Some(&credential)).expect("of this list");
            assert_eq!(listed(&extra, &credential), Ok(Some(expected)));
        }
        let other = CommitmentError::OtherList(LIST.to_owned());
        let entry = CommitmentError::Entry { index: 64, size: 64 };
        for (credential, expected) in [
            (sd_jwt(LIST, 64), &entry),
            (sd_jwt("https://a.example/issuers/x/status-lists/4", 5), &other),
            (jwt(LIST, 5, "revocation"), &other),
            (jwt(&bitstring, 5, "suspension"), &other),
            (document(&json!({})), &other),
            (document(&json!({"status": 1})), &other),
            ("x".to_owned(), &other),
        ] {
            assert_eq!(verify_commitments(&extra, Some(&credential)).as_ref(), Err(expected), "{credential}");
            assert_eq!(listed(&extra, &credential).as_ref(), Err(expected), "{credential}");
        }
    }

    #[test]
    fn a_list_counts_its_entries() {
        let ProofSubject::List(bits) = list(&[5, 6, 63]).subject else { panic!("a list") };
        assert_eq!(bits.tally(), Ok((3, 64)));
        assert!(ListBits { bits: "x".to_owned() }.tally().is_err());
    }

    #[test]
    fn another_list_has_another_digest() {
        let (one, two) = (list(&[5]), list(&[6]));
        let mixed = ProofExtra { leaf: one.leaf, ..two };
        assert_eq!(verify_commitments(&mixed, None), Err(CommitmentError::ListDigest));
        assert_eq!(listed(&mixed, &sd_jwt(LIST, 5)), Err(CommitmentError::ListDigest));
        let subject = ProofSubject::List(ListBits { bits: "AAAA".to_owned() });
        assert!(matches!(
            verify_commitments(&ProofExtra { subject, ..mixed }, None),
            Err(CommitmentError::Form(_))
        ));
    }

    #[test]
    fn a_proof_of_a_credential_lists_nothing() {
        let old: ProofExtra = serde_json::from_str(OLD).expect("reads");
        assert_eq!(listed(&old, &sd_jwt(LIST, 5)), Ok(None));
    }
}
