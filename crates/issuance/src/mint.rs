//! Making a credential: its documents, its core claim, and the leaf that says that it was issued.

use std::collections::BTreeMap;

use iden3::claim::Subject;
use iden3::{CoreClaim, Id};
use model::{CoreClaimHash, CredentialId, Format, LeafOp, LogLeaf, Timestamp};
use serde_json::{Map, Value, json};
use store::NewCredential;
use vc::jwt_vc::{BitstringStatus, JwtVc};
use vc::sd_jwt::{SdJwtVc, TokenStatus};
use verify::{digest_of, sha256};

use crate::EngineError;
use crate::catalog::ActiveProgram;
use crate::engine::Engine;
use crate::issuer::{ActiveIssuer, StatusEntry};
use crate::wallet::HolderKey;

/// What a credential says and to whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content<'a> {
    pub(crate) active: &'a ActiveProgram,
    /// The holder's DID: that of the core claim.
    pub(crate) subject: &'a str,
    pub(crate) claims: &'a Map<String, Value>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

/// One document of a credential, and to whom it is bound.
#[derive(Clone, Copy, Debug)]
struct Copy<'a> {
    /// Its own id; the credential's for documents that are not copies.
    id: &'a CredentialId,
    entry: StatusEntry,
    /// The wallet's key; none when it is issued on behalf.
    key: Option<&'a HolderKey>,
}

/// Documents for a wallet, one a key, and the core claim that commits to them.
#[derive(Debug)]
pub(crate) struct Copies {
    pub(crate) documents: Vec<String>,
    pub(crate) core_claim: Vec<u8>,
    pub(crate) core_claim_hash: CoreClaimHash,
    /// The leaf that says that they were issued.
    pub(crate) leaf: String,
}

/// The name of a document's commitment: its format, with a number behind it from the second copy on.
pub(crate) fn commitment_name(format: Format, copy: usize) -> String {
    if copy == 0 { format.to_string() } else { format!("{format}/{copy}") }
}

/// A document that awaits its signature.
enum Unsigned {
    SdJwt(vc::sd_jwt::Unsigned),
    JwtVc(vc::jwt_vc::Unsigned),
}

impl Unsigned {
    fn payload(&self) -> &[u8] {
        match self {
            Self::SdJwt(unsigned) => &unsigned.payload,
            Self::JwtVc(unsigned) => &unsigned.payload,
        }
    }

    fn sign(&self, issuer: &ActiveIssuer) -> String {
        let key = issuer.current();
        match self {
            Self::SdJwt(unsigned) => unsigned.sign(&key.key, key.kid.as_str()),
            Self::JwtVc(unsigned) => unsigned.sign(&key.key, &format!("{}#{}", issuer.did_web, key.kid)),
        }
    }
}

/// SD-JWT copies for wallets hold so many digests, or the next multiple: their number says little about that of the claims.
const DIGESTS: usize = 8;

/// The moments of a copy for a wallet: whole hours, so that copies issued at different moments cannot be told apart by them (RFC
/// 9901, section 10.1). An end that is near stays as it is.
fn rounded(issued_at: Timestamp, expires_at: Option<Timestamp>) -> (i64, Option<i64>) {
    const HOUR: i64 = 3600;
    let round = |at: Timestamp| at.seconds() - at.seconds().rem_euclid(HOUR);
    let end = expires_at
        .map(|end| if end.seconds() - issued_at.seconds() > 24 * HOUR { round(end) } else { end.seconds() });
    (round(issued_at), end)
}

impl Engine {
    /// Makes a credential; nothing of it is stored. Its core claim commits to the payloads that are signed, so whoever holds
    /// a document can show that it is the one in the log.
    pub(crate) fn mint(
        &self,
        content: Content<'_>,
        entry: StatusEntry,
    ) -> Result<NewCredential, EngineError> {
        let program = &content.active.program;
        let id = CredentialId::mint(content.issued_at, &*self.entropy);
        let mut unsigned = BTreeMap::new();
        for format in &program.formats {
            let copy = Copy { id: &id, entry, key: None };
            unsigned.insert(format.to_string(), self.compose(*format, content, copy)?);
        }
        let commitments =
            unsigned.iter().map(|(name, document)| (name.clone(), sha256(document.payload()))).collect();
        let core_claim = self.core_claim(content, digest_of(&commitments))?;
        let core_claim_hash = CoreClaimHash(core_claim.core_claim_hash());
        let issuer = &content.active.issuer;
        let leaf = LogLeaf::new(LeafOp::Issue, &issuer.issuer.did, core_claim_hash, content.issued_at);
        let documents: Map<String, Value> =
            unsigned.into_iter().map(|(name, document)| (name, document.sign(issuer).into())).collect();
        Ok(NewCredential {
            id,
            issuer_id: program.issuer_id.clone(),
            program_id: program.id.clone(),
            schema_id: program.schema_id.clone(),
            core_claim_hash,
            core_claim: core_claim.to_bytes().to_vec(),
            documents: Value::Object(documents).to_string(),
            status_list: entry.list,
            status_index: i64::from(entry.index),
            expires_at: content.expires_at,
            leaf: leaf.to_json(),
        })
    }

    /// Makes the documents of one format for a wallet, one a key, each with a status entry of its own; nothing is stored.
    pub(crate) fn mint_copies(
        &self,
        content: Content<'_>,
        format: Format,
        keys: &[HolderKey],
        entries: &[StatusEntry],
        first: &CredentialId,
    ) -> Result<Copies, EngineError> {
        let mut unsigned = Vec::with_capacity(keys.len());
        let mut commitments = BTreeMap::new();
        for (place, (key, entry)) in keys.iter().zip(entries).enumerate() {
            let own = CredentialId::mint(content.issued_at, &*self.entropy);
            let id = if place == 0 { first } else { &own };
            let document = self.compose(format, content, Copy { id, entry: *entry, key: Some(key) })?;
            commitments.insert(commitment_name(format, place), sha256(document.payload()));
            unsigned.push(document);
        }
        let core_claim = self.core_claim(content, digest_of(&commitments))?;
        let core_claim_hash = CoreClaimHash(core_claim.core_claim_hash());
        let issuer = &content.active.issuer;
        let leaf = LogLeaf::new(LeafOp::Issue, &issuer.issuer.did, core_claim_hash, content.issued_at);
        Ok(Copies {
            documents: unsigned.iter().map(|document| document.sign(issuer)).collect(),
            core_claim: core_claim.to_bytes().to_vec(),
            core_claim_hash,
            leaf: leaf.to_json(),
        })
    }

    fn compose(&self, format: Format, content: Content<'_>, copy: Copy<'_>) -> Result<Unsigned, EngineError> {
        let unfit = |error: &dyn std::fmt::Display| EngineError::inconsistent(format!("{format}: {error}"));
        Ok(match format {
            Format::DcSdJwt => {
                Unsigned::SdJwt(self.compose_sd_jwt(content, copy).map_err(|error| unfit(&error))?)
            }
            Format::JwtVcJson => {
                Unsigned::JwtVc(self.compose_jwt_vc(content, copy).map_err(|error| unfit(&error))?)
            }
        })
    }

    /// What is bound to a wallet's key names no subject: it would link the copies of several keys.
    fn compose_sd_jwt(
        &self,
        content: Content<'_>,
        copy: Copy<'_>,
    ) -> Result<vc::sd_jwt::Unsigned, vc::sd_jwt::IssueError> {
        let issuer = &content.active.issuer;
        let exact = (content.issued_at.seconds(), content.expires_at.map(Timestamp::seconds));
        let (iat, exp) =
            if copy.key.is_some() { rounded(content.issued_at, content.expires_at) } else { exact };
        let cnf = copy.key.map(|key| json!({ "jwk": key.jwk }));
        let decoys = match copy.key {
            Some(_) => content.claims.len().next_multiple_of(DIGESTS) - content.claims.len(),
            None => 0,
        };
        let credential = SdJwtVc {
            iss: &issuer.url,
            vct: &self.credential_type_url(&content.active.program),
            sub: copy.key.is_none().then_some(content.subject),
            jti: None,
            iat,
            nbf: None,
            exp,
            cnf: cnf.as_ref(),
            status: TokenStatus { idx: copy.entry.index, uri: &issuer.token_list_url(copy.entry.list) },
            extra: &Map::new(),
            claims: content.claims,
        };
        credential.build(decoys, &mut |bytes| self.entropy.fill(bytes))
    }

    fn compose_jwt_vc(
        &self,
        content: Content<'_>,
        copy: Copy<'_>,
    ) -> Result<vc::jwt_vc::Unsigned, vc::jwt_vc::IssueError> {
        let issuer = &content.active.issuer;
        let program = &content.active.program;
        let expires = content.expires_at.map(Timestamp::rfc3339);
        let credential = JwtVc {
            iss: &issuer.did_web,
            sub: Some(copy.key.map_or(content.subject, |key| key.did.as_str())),
            jti: &format!("{}/credentials/{}", issuer.url, copy.id),
            iat: content.issued_at.seconds(),
            nbf: content.issued_at.seconds(),
            exp: content.expires_at.map(Timestamp::seconds),
            issuance_date: &content.issued_at.rfc3339(),
            expiration_date: expires.as_deref(),
            contexts: &[&self.schema_context_url(&program.schema_id)],
            types: &[&program.type_name],
            claims: content.claims,
            status: BitstringStatus {
                list: &issuer.bitstring_list_url(copy.entry.list),
                index: copy.entry.index,
            },
            schema: &self.schema_url(&program.schema_id),
        };
        credential.build()
    }

    fn core_claim(&self, content: Content<'_>, digest: [u8; 32]) -> Result<CoreClaim, EngineError> {
        let subject = Id::from_did(content.subject, std::slice::from_ref(&self.settings.did_method))
            .map_err(|error| EngineError::inconsistent(format!("holder {}: {error}", content.subject)))?;
        let nonce = u64::from_be_bytes(self.entropy.bytes());
        CoreClaim::builder(content.active.schema_hash)
            .subject(Subject::Index(subject))
            .expiration(content.expires_at.map(|at| at.seconds().unsigned_abs()))
            .revocation_nonce(nonce)
            .value_digest(digest)
            .build()
            .map_err(|error| EngineError::inconsistent(format!("core claim: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_copies_are_whole_hours() {
        let at = |seconds| Timestamp::from_seconds(seconds);
        assert_eq!(rounded(at(7_300), None), (7_200, None));
        assert_eq!(rounded(at(7_300), Some(at(7_300 + 90_000))), (7_200, Some(97_200)));
        // An hour before its end, rounding would take all the time that is left.
        assert_eq!(rounded(at(7_300), Some(at(10_900))), (7_200, Some(10_900)));
    }
}
