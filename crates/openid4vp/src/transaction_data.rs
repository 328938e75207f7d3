//! What the person approves beside presenting a credential (sections 5.1 and 8.4), by the profile for SD-JWT VC (appendix
//! B.3.3.1): the Key Binding JWT carries the hash of each object as it was sent.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use jose::Quoted;
use jose::{b64url_decode, b64url_encode, strict_json};
use serde_json::Value;

use crate::dcql::{DcqlQuery, Format, MAX_CREDENTIALS};

/// How many objects a request may have.
pub const MAX_ITEMS: usize = 16;

/// How long one object may be when it is encoded, in bytes.
pub const MAX_ITEM_LEN: usize = 16 * 1024;

/// How long a `type` may be, in bytes.
pub const MAX_TYPE_LEN: usize = 256;

/// The hash algorithm, by its name in the Named Information registry: the one that every wallet has to support.
pub const HASH_ALG: &str = "sha-256";

/// The objects of one request, checked against its query.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TransactionData {
    items: Vec<Item>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Item {
    /// What is sent, and what is hashed: no other serialisation of the object will do.
    encoded: String,
    credential_ids: Vec<String>,
    names_alg: bool,
}

/// What a verified Key Binding JWT carries.
#[derive(Clone, Copy, Debug)]
pub struct Carried<'a> {
    /// The credential query that the presentation answers.
    pub credential: &'a str,
    /// `transaction_data_hashes`; empty if it is absent.
    pub hashes: &'a [String],
    /// `transaction_data_hashes_alg`.
    pub alg: Option<&'a str>,
}

/// Why objects cannot be sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TransactionDataError {
    /// Too many.
    #[error("at most {MAX_ITEMS} objects of transaction data are accepted")]
    TooMany,
    /// One of them is wrong.
    #[error("transaction_data[{index}]: {problem}")]
    Item {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        problem: ItemProblem,
    },
}

/// What is wrong with an object.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ItemProblem {
    /// Not an object; or, encoded, not base64url of one.
    #[error("a JSON object is expected")]
    NotObject,
    /// Too long.
    #[error("the object is longer than {MAX_ITEM_LEN} bytes in base64url")]
    TooLong,
    /// No type.
    #[error("`type` has to be a text of 1 to {MAX_TYPE_LEN} bytes")]
    Type,
    /// No list of ids.
    #[error("`credential_ids` has to be an array of 1 to {MAX_CREDENTIALS} different ids")]
    CredentialIds,
    /// The query asks for no such credential.
    #[error("`credential_ids`: the query has no credential {}", Quoted(.0))]
    UnknownCredential(String),
    /// The credential is presented without a Key Binding JWT, which would carry the hash.
    #[error(
        "`credential_ids`: {} cannot approve anything; a `dc+sd-jwt` with cryptographic holder binding can",
        Quoted(.0)
    )]
    CannotBind(String),
    /// Another hash algorithm.
    #[error("`transaction_data_hashes_alg` can only be [\"{HASH_ALG}\"], or be left out")]
    HashAlg,
    /// The same object again: one hash would stand for both.
    #[error("the same object is there twice")]
    Duplicate,
}

/// Why what was carried is not what was asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TransactionDataMismatch {
    /// A Key Binding JWT uses another hash algorithm.
    #[error("the key binding of credential `{credential}` hashes transaction data with {}, not {HASH_ALG}", Quoted(.alg))]
    Alg {
        /// The credential query.
        credential: String,
        /// The algorithm.
        alg: String,
    },
    /// A Key Binding JWT does not name the hash algorithm, though the request did.
    #[error(
        "the key binding of credential `{0}` lacks `transaction_data_hashes_alg`, which the request names"
    )]
    NoAlg(String),
    /// A Key Binding JWT has a hash of something else.
    #[error("the key binding of credential `{0}` has a hash of transaction data that was not sent")]
    NotAsked(String),
    /// No Key Binding JWT that may has the hash of this object, counted from 0.
    #[error("transaction_data[{0}] was not approved with any of the credentials that it names")]
    NotBound(usize),
}

impl TransactionData {
    /// Checks objects against the query with which they are sent, and encodes them.
    ///
    /// # Errors
    ///
    /// [`TransactionDataError`] for the first that is wrong.
    pub fn check(objects: &[Value], query: &DcqlQuery) -> Result<Self, TransactionDataError> {
        let encoded: Vec<String> =
            objects.iter().map(|object| b64url_encode(object.to_string().as_bytes())).collect();
        let read = |index: usize, encoded: &str| Item::read(&objects[index], encoded, query);
        Self::collect(&encoded, read)
    }

    /// Reads what [`TransactionData::encoded`] gave.
    ///
    /// # Errors
    ///
    /// [`TransactionDataError`] for the first that is wrong.
    pub fn read(encoded: &[String], query: &DcqlQuery) -> Result<Self, TransactionDataError> {
        Self::collect(encoded, |_, encoded| {
            if encoded.len() > MAX_ITEM_LEN {
                return Err(ItemProblem::TooLong);
            }
            let bytes = b64url_decode(encoded).map_err(|_| ItemProblem::NotObject)?;
            let object = strict_json(&bytes).map_err(|_| ItemProblem::NotObject)?;
            Item::read(&object, encoded, query)
        })
    }

    fn collect(
        encoded: &[String],
        read: impl Fn(usize, &str) -> Result<Item, ItemProblem>,
    ) -> Result<Self, TransactionDataError> {
        if encoded.len() > MAX_ITEMS {
            return Err(TransactionDataError::TooMany);
        }
        let mut items: Vec<Item> = Vec::with_capacity(encoded.len());
        for (index, encoded) in encoded.iter().enumerate() {
            let problem = match read(index, encoded) {
                Ok(item) if items.iter().any(|other| other.encoded == item.encoded) => ItemProblem::Duplicate,
                Ok(item) => {
                    items.push(item);
                    continue;
                }
                Err(problem) => problem,
            };
            return Err(TransactionDataError::Item { index, problem });
        }
        Ok(Self { items })
    }

    /// The objects as they are sent: base64url of JSON. Keep exactly these texts, for they are what is hashed.
    #[must_use]
    pub fn encoded(&self) -> Vec<String> {
        self.items.iter().map(|item| item.encoded.clone()).collect()
    }

    /// Whether there is nothing to approve.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether every object was approved with one of the credentials that it names, and nothing else was. The result has, for
    /// each object, the id of that credential query. A hash that is carried with a credential which the object does not name
    /// counts for nothing.
    ///
    /// # Errors
    ///
    /// [`TransactionDataMismatch`] for the first thing that differs.
    pub fn verify(&self, carried: &[Carried<'_>]) -> Result<Vec<String>, TransactionDataMismatch> {
        let asked: Vec<String> = self.items.iter().map(Item::hash).collect();
        let names_alg = self.items.iter().any(|item| item.names_alg);
        for carried in carried.iter().filter(|carried| !carried.hashes.is_empty()) {
            let credential = carried.credential.to_owned();
            match carried.alg {
                Some(HASH_ALG) => {}
                Some(alg) => return Err(TransactionDataMismatch::Alg { credential, alg: alg.to_owned() }),
                None if names_alg => return Err(TransactionDataMismatch::NoAlg(credential)),
                None => {}
            }
            if carried.hashes.iter().any(|hash| !asked.contains(hash)) {
                return Err(TransactionDataMismatch::NotAsked(credential));
            }
        }
        let bound = |(index, (item, hash)): (usize, (&Item, &String))| {
            let binds = |carried: &&Carried<'_>| {
                item.credential_ids.iter().any(|id| id == carried.credential) && carried.hashes.contains(hash)
            };
            let found = carried.iter().find(binds).map(|carried| carried.credential.to_owned());
            found.ok_or(TransactionDataMismatch::NotBound(index))
        };
        self.items.iter().zip(&asked).enumerate().map(bound).collect()
    }
}

impl Item {
    fn read(object: &Value, encoded: &str, query: &DcqlQuery) -> Result<Self, ItemProblem> {
        let members = object.as_object().ok_or(ItemProblem::NotObject)?;
        if encoded.len() > MAX_ITEM_LEN {
            return Err(ItemProblem::TooLong);
        }
        let kind = members.get("type").and_then(Value::as_str).unwrap_or_default();
        if kind.is_empty() || kind.len() > MAX_TYPE_LEN {
            return Err(ItemProblem::Type);
        }
        let names_alg = match members.get("transaction_data_hashes_alg") {
            None => false,
            Some(Value::Array(names)) if matches!(&names[..], [name] if name == HASH_ALG) => true,
            Some(_) => return Err(ItemProblem::HashAlg),
        };
        let credential_ids = credential_ids(members.get("credential_ids"), query)?;
        Ok(Self { encoded: encoded.to_owned(), credential_ids, names_alg })
    }

    /// The hash of the text as it is sent, which is not decoded before.
    fn hash(&self) -> String {
        b64url_encode(digest(&SHA256, self.encoded.as_bytes()).as_ref())
    }
}

fn credential_ids(value: Option<&Value>, query: &DcqlQuery) -> Result<Vec<String>, ItemProblem> {
    let listed = value.and_then(Value::as_array).ok_or(ItemProblem::CredentialIds)?;
    let ids: Option<Vec<&str>> = listed.iter().map(Value::as_str).collect();
    let ids = ids.ok_or(ItemProblem::CredentialIds)?;
    let distinct: BTreeSet<&str> = ids.iter().copied().collect();
    if ids.is_empty() || ids.len() > MAX_CREDENTIALS || distinct.len() < ids.len() {
        return Err(ItemProblem::CredentialIds);
    }
    for id in &ids {
        match query.credential(id) {
            None => return Err(ItemProblem::UnknownCredential((*id).to_owned())),
            Some(credential)
                if credential.format() != Format::DcSdJwt
                    || !credential.require_cryptographic_holder_binding =>
            {
                return Err(ItemProblem::CannotBind((*id).to_owned()));
            }
            Some(_) => {}
        }
    }
    Ok(ids.into_iter().map(str::to_owned).collect())
}
