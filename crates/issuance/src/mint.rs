//! Making a credential: its documents, its core claim, and the leaf that says that it was issued.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use iden3::claim::Subject;
use iden3::{CoreClaim, Id};
use model::{CoreClaimHash, CredentialId, Format, LeafOp, LogLeaf, Timestamp};
use serde_json::{Map, Value};
use store::NewCredential;
use vc::jwt_vc::{BitstringStatus, JwtVc};
use vc::sd_jwt::{SdJwtVc, TokenStatus};

use crate::EngineError;
use crate::catalog::ActiveProgram;
use crate::engine::Engine;
use crate::issuer::StatusEntry;

/// What a credential says and to whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content<'a> {
    pub(crate) active: &'a ActiveProgram,
    /// The holder's DID.
    pub(crate) subject: &'a str,
    pub(crate) claims: &'a Map<String, Value>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
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
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// The digest that the core claim carries: SHA-256 over the SHA-256 of each document's payload, by format in the order of
/// [`Format::ALL`].
pub(crate) fn digest_of(commitments: &BTreeMap<Format, [u8; 32]>) -> [u8; 32] {
    sha256(&commitments.values().flatten().copied().collect::<Vec<u8>>())
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
            unsigned.insert(*format, self.compose(*format, &id, content, entry)?);
        }
        let commitments =
            unsigned.iter().map(|(format, document)| (*format, sha256(document.payload()))).collect();
        let core_claim = self.core_claim(content, digest_of(&commitments))?;
        let core_claim_hash = CoreClaimHash(core_claim.core_claim_hash());
        let issuer_did = &content.active.issuer.issuer.did;
        let leaf = LogLeaf::new(LeafOp::Issue, issuer_did, core_claim_hash, content.issued_at);
        Ok(NewCredential {
            id,
            issuer_id: program.issuer_id.clone(),
            program_id: program.id.clone(),
            schema_id: program.schema_id.clone(),
            core_claim_hash,
            core_claim: core_claim.to_bytes().to_vec(),
            documents: sign_all(&unsigned, content.active),
            status_list: entry.list,
            status_index: i64::from(entry.index),
            expires_at: content.expires_at,
            leaf: leaf.to_json(),
        })
    }

    fn compose(
        &self,
        format: Format,
        id: &CredentialId,
        content: Content<'_>,
        entry: StatusEntry,
    ) -> Result<Unsigned, EngineError> {
        let unfit = |error: &dyn std::fmt::Display| EngineError::inconsistent(format!("{format}: {error}"));
        Ok(match format {
            Format::DcSdJwt => {
                Unsigned::SdJwt(self.compose_sd_jwt(content, entry).map_err(|error| unfit(&error))?)
            }
            Format::JwtVcJson => {
                Unsigned::JwtVc(self.compose_jwt_vc(id, content, entry).map_err(|error| unfit(&error))?)
            }
        })
    }

    fn compose_sd_jwt(
        &self,
        content: Content<'_>,
        entry: StatusEntry,
    ) -> Result<vc::sd_jwt::Unsigned, vc::sd_jwt::IssueError> {
        let issuer = &content.active.issuer;
        let credential = SdJwtVc {
            iss: &issuer.url,
            vct: &self.credential_type_url(&content.active.program),
            sub: Some(content.subject),
            jti: None,
            iat: content.issued_at.seconds(),
            nbf: None,
            exp: content.expires_at.map(Timestamp::seconds),
            cnf: None,
            status: TokenStatus { idx: entry.index, uri: &issuer.token_list_url(entry.list) },
            extra: &Map::new(),
            claims: content.claims,
        };
        credential.build(0, &mut |bytes| self.entropy.fill(bytes))
    }

    fn compose_jwt_vc(
        &self,
        id: &CredentialId,
        content: Content<'_>,
        entry: StatusEntry,
    ) -> Result<vc::jwt_vc::Unsigned, vc::jwt_vc::IssueError> {
        let issuer = &content.active.issuer;
        let program = &content.active.program;
        let expires = content.expires_at.map(Timestamp::rfc3339);
        let credential = JwtVc {
            iss: &issuer.did_web,
            sub: Some(content.subject),
            jti: &format!("{}/credentials/{id}", issuer.url),
            iat: content.issued_at.seconds(),
            nbf: content.issued_at.seconds(),
            exp: content.expires_at.map(Timestamp::seconds),
            issuance_date: &content.issued_at.rfc3339(),
            expiration_date: expires.as_deref(),
            contexts: &[&self.schema_context_url(&program.schema_id)],
            types: &[&program.type_name],
            claims: content.claims,
            status: BitstringStatus { list: &issuer.bitstring_list_url(entry.list), index: entry.index },
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

/// A JSON object from format to signed document.
fn sign_all(unsigned: &BTreeMap<Format, Unsigned>, active: &ActiveProgram) -> String {
    let key = active.issuer.current();
    let documents: Map<String, Value> = unsigned
        .iter()
        .map(|(format, document)| {
            let signed = match document {
                Unsigned::SdJwt(unsigned) => unsigned.sign(&key.key, key.kid.as_str()),
                Unsigned::JwtVc(unsigned) => {
                    unsigned.sign(&key.key, &format!("{}#{}", active.issuer.did_web, key.kid))
                }
            };
            (format.as_str().to_owned(), signed.into())
        })
        .collect();
    Value::Object(documents).to_string()
}
