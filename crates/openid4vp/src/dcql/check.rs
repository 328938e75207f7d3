//! Whether what was presented satisfies a query (sections 6.4 and 8.6).

use std::collections::BTreeMap;

use jose::Quoted;
use serde_json::{Map, Value};

use super::{ClaimQuery, CredentialQuery, DcqlQuery, Meta};
use crate::condition::same_number;
use crate::path::Path;

/// The base type of W3C credentials, as an IRI and as its context abbreviates it.
const BASE_TYPE: [&str; 2] =
    ["https://www.w3.org/2018/credentials#VerifiableCredential", "VerifiableCredential"];

/// A credential that was presented and found authentic.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// Its Credential Format Identifier.
    pub format: &'a str,
    /// The `vct` of an SD-JWT VC.
    pub vct: Option<&'a str>,
    /// The types of a W3C credential.
    pub types: &'a [String],
    /// What paths start at: the processed payload of an SD-JWT VC; of a W3C credential as a JWT, the member `vc`.
    pub claims: &'a Map<String, Value>,
    /// Whether the wallet proved, for this request, that it holds the key of the credential.
    pub holder_bound: bool,
}

/// What a query asks for of one credential, and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    /// The credential query.
    pub id: String,
    /// The place of the credential among those that were presented for this query, from 0.
    pub index: usize,
    /// The path of a claims query and what is there; for a path with `null`, one entry for each value. Of claim sets, the
    /// first that is satisfied. Empty if the query asks for no claims.
    pub claims: Vec<(Path, Value)>,
}

/// Why an answer does not satisfy a query. The texts name queries and paths, and no value that was presented.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Mismatch {
    /// The query asks for no such credential.
    #[error("the query has no credential {}", Quoted(.0))]
    UnknownCredential(String),
    /// A credential that has to be presented was not.
    #[error("credential `{0}` is required and was not presented")]
    MissingCredential(String),
    /// None of the alternatives of this credential set, counted from 0, was presented.
    #[error("no option of credential_sets[{0}] was presented")]
    CredentialSet(usize),
    /// No, or more than one, credential where one is expected; or none at all.
    #[error("{count} credentials were presented for `{id}`, which asks for one")]
    Count {
        /// The credential query.
        id: String,
        /// How many were presented.
        count: usize,
    },
    /// A credential has another format.
    #[error("credential `{0}` was not presented in the format of the query")]
    Format(String),
    /// A credential has another type.
    #[error("credential `{0}` is of another type than the query accepts")]
    Type(String),
    /// The wallet did not prove that it holds the key of the credential.
    #[error("credential `{0}` was presented without proof that the wallet holds its key")]
    HolderBinding(String),
    /// A claim is absent.
    #[error("credential `{id}` was presented without {path}")]
    Claim {
        /// The credential query.
        id: String,
        /// Where the claim should be.
        path: Path,
    },
    /// A claim is there, with none of the values that the query accepts.
    #[error("{path} of credential `{id}` has none of the values that the query accepts")]
    Value {
        /// The credential query.
        id: String,
        /// Where the claim is.
        path: Path,
    },
    /// None of the claim sets is complete.
    #[error("credential `{0}` was presented with no complete set of the claims that the query asks for")]
    ClaimSets(String),
}

impl DcqlQuery {
    /// Whether an answer satisfies the query, and what it says. One credential that does not match refuses the whole answer,
    /// also one that need not have been presented: a wallet must not send what the query does not select.
    ///
    /// `presented` has the credentials by the id of their query, in the order of the answer. The result is in the order of
    /// the credential queries.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] for the first thing that does not match.
    pub fn check(&self, presented: &BTreeMap<String, Vec<Presented<'_>>>) -> Result<Vec<Selected>, Mismatch> {
        if let Some(unknown) = presented.keys().find(|id| self.credential(id).is_none()) {
            return Err(Mismatch::UnknownCredential(unknown.clone()));
        }
        let mut selected = Vec::new();
        for query in &self.credentials {
            let Some(credentials) = presented.get(&query.id) else { continue };
            let count = credentials.len();
            if count == 0 || (count > 1 && !query.multiple) {
                return Err(Mismatch::Count { id: query.id.clone(), count });
            }
            for (index, credential) in credentials.iter().enumerate() {
                let claims = query.check(credential)?;
                selected.push(Selected { id: query.id.clone(), index, claims });
            }
        }
        self.check_complete(presented)?;
        Ok(selected)
    }

    /// Whether everything that is required was presented (section 6.4.2).
    fn check_complete(&self, presented: &BTreeMap<String, Vec<Presented<'_>>>) -> Result<(), Mismatch> {
        if self.credential_sets.is_empty() {
            let missing = self.credentials.iter().find(|query| !presented.contains_key(&query.id));
            return missing.map_or(Ok(()), |query| Err(Mismatch::MissingCredential(query.id.clone())));
        }
        let is_presented = |option: &Vec<String>| option.iter().all(|id| presented.contains_key(id));
        let unmet =
            self.credential_sets.iter().position(|set| set.required && !set.options.iter().any(is_presented));
        unmet.map_or(Ok(()), |index| Err(Mismatch::CredentialSet(index)))
    }
}

impl CredentialQuery {
    /// Whether a credential matches, and the claims that are asked for.
    fn check(&self, credential: &Presented<'_>) -> Result<Vec<(Path, Value)>, Mismatch> {
        if credential.format != self.format().as_str() {
            return Err(Mismatch::Format(self.id.clone()));
        }
        if !self.meta.accepts(credential) {
            return Err(Mismatch::Type(self.id.clone()));
        }
        if self.require_cryptographic_holder_binding && !credential.holder_bound {
            return Err(Mismatch::HolderBinding(self.id.clone()));
        }
        if self.claim_sets.is_empty() {
            return self.select(self.claims.iter(), credential.claims);
        }
        let complete = self.claim_sets.iter().find_map(|set| {
            let is_named = |claim: &&ClaimQuery| claim.id.as_ref().is_some_and(|id| set.contains(id));
            self.select(self.claims.iter().filter(is_named), credential.claims).ok()
        });
        complete.ok_or_else(|| Mismatch::ClaimSets(self.id.clone()))
    }

    /// What these claims queries select; all of them have to select something (section 6.4.1).
    fn select<'a>(
        &self,
        claims: impl Iterator<Item = &'a ClaimQuery>,
        root: &Map<String, Value>,
    ) -> Result<Vec<(Path, Value)>, Mismatch> {
        let mut selected = Vec::new();
        for claim in claims {
            let place = || (self.id.clone(), claim.path.clone());
            let found = claim.path.select(root).map_err(|_| {
                let (id, path) = place();
                Mismatch::Claim { id, path }
            })?;
            let before = selected.len();
            // What has another value counts as absent: of several, those that have one of the values remain.
            let accepted = found.into_iter().filter(|value| claim.accepts(value));
            selected.extend(accepted.map(|value| (claim.path.clone(), value.clone())));
            if selected.len() == before {
                let (id, path) = place();
                return Err(Mismatch::Value { id, path });
            }
        }
        Ok(selected)
    }
}

impl ClaimQuery {
    fn accepts(&self, value: &Value) -> bool {
        let matches = |accepted: &Value| match (accepted, value) {
            // Numbers keep the text in which they were written.
            (Value::Number(accepted), Value::Number(number)) => same_number(accepted, number),
            (accepted, value) => accepted == value,
        };
        self.values.is_empty() || self.values.iter().any(matches)
    }
}

impl Meta {
    fn accepts(&self, credential: &Presented<'_>) -> bool {
        match self {
            Self::VctValues(values) => {
                credential.vct.is_some_and(|vct| values.iter().any(|value| value == vct))
            }
            Self::TypeValues(sets) => {
                let has = |wanted: &String| credential.types.iter().any(|found| is_same_type(wanted, found));
                sets.iter().any(|set| set.iter().all(has))
            }
        }
    }
}

fn is_same_type(wanted: &str, found: &str) -> bool {
    wanted == found || (BASE_TYPE.contains(&wanted) && BASE_TYPE.contains(&found))
}
