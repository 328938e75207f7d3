//! Where the deployment's verifier finds what documents name: in the deployment itself if it is of ours, else over the guarded
//! client.

use std::sync::Arc;
use std::time::Duration;

use anchor::Log;
use model::{CredentialId, LeafOp, ProgramId, SchemaId, Timestamp};
use moka::future::Cache;
use serde_json::{Map, Value};
use store::{ListEntry, Located};
use tlog::key::VerifierKey;
use vc::status::StatusReference;
use verify::{Fetched, OwnEntry, Sources, Unavailable};

use crate::engine::Engine;
use crate::{EngineError, GuardedClient, ListFormat, ProofDepth, ProofError};

/// For how many seconds our own documents are used again; status lists are looked up each time.
const OWN_FRESH: i64 = 1;
/// For how long it is remembered what schema a type of ours has.
const SCHEMAS_KEPT: Duration = Duration::from_secs(5);

/// This deployment, and the network around it.
#[derive(Debug)]
pub(super) struct Deployment {
    engine: Arc<Engine>,
    log: Arc<Log>,
    client: GuardedClient,
    schemas: Cache<String, Option<Arc<str>>>,
}

/// A failure of ours: its text is for the log, and the caller learns that it was ours.
fn internal(error: &EngineError) -> Unavailable {
    tracing::error!(cause = %error, "a verification lacks something of our own");
    Unavailable("this deployment cannot say at the moment".to_owned())
}

impl Deployment {
    pub(super) fn new(engine: Arc<Engine>, log: Arc<Log>, client: GuardedClient) -> Self {
        let schemas = Cache::builder().max_capacity(1_000).time_to_live(SCHEMAS_KEPT).build();
        Self { engine, log, client, schemas }
    }

    /// A document that this deployment publishes at a path below its public URL, and for how many seconds it is fresh.
    async fn own_document(&self, path: &str) -> Result<Option<(Arc<str>, i64)>, EngineError> {
        let engine = &self.engine;
        let json = |found: Option<Value>| found.map(|value| (Arc::from(value.to_string()), OWN_FRESH));
        let segments: Vec<&str> = path.split('/').collect();
        let list = |slug, number: &str, format| {
            let number = number.parse::<i64>();
            async move {
                let Ok(number) = number else { return Ok(None) };
                Ok::<_, EngineError>(engine.status_list(slug, number, format).await?.map(|list| (list, 0)))
            }
        };
        match segments[..] {
            ["issuers", slug, "did.json"] => Ok(json(engine.did_document(slug).await?)),
            [".well-known", "jwt-vc-issuer", "issuers", slug] => Ok(json(engine.jwt_vc_issuer(slug).await?)),
            ["issuers", slug, "status-lists", number] => list(slug, number, ListFormat::Token).await,
            ["issuers", slug, "bitstring-status-lists", number] => {
                list(slug, number, ListFormat::Bitstring).await
            }
            ["schemas", id] => Ok(json(engine.published_schema(&SchemaId::from(id)).await?)),
            ["credential-types", id] => Ok(json(engine.credential_type(&ProgramId::from(id)).await?)),
            _ => Ok(None),
        }
    }

    fn below<'a>(&self, url: &'a str, place: &str) -> Option<&'a str> {
        url.strip_prefix(self.engine.public_url())?.strip_prefix(place)
    }

    async fn schema_of(&self, vct: &str) -> Result<Option<Arc<str>>, EngineError> {
        let Some(id) = self.below(vct, "/credential-types/") else { return Ok(None) };
        let Some(active) = self.engine.published_program(&ProgramId::from(id)).await? else {
            return Ok(None);
        };
        let schema = self.engine.store().schema(&active.program.schema_id).await?;
        Ok(schema.map(|schema| schema.document.into()))
    }

    /// The entry of a status list of ours that a document has.
    async fn entry(&self, claims: &Map<String, Value>) -> Result<Option<ListEntry>, EngineError> {
        let references = vc::status::references(claims).unwrap_or_default();
        for reference in references {
            let (url, index, place) = match &reference {
                StatusReference::Token { uri, idx } => (uri, *idx, "status-lists"),
                StatusReference::Bitstring { url, index, .. } => (url, *index, "bitstring-status-lists"),
                StatusReference::Unsupported { .. } => continue,
            };
            let Some(path) = self.below(url, "/issuers/") else { continue };
            let segments: Vec<&str> = path.split('/').collect();
            let [slug, found, number] = segments[..] else { continue };
            let (true, Ok(list)) = (found == place, number.parse()) else { continue };
            let Some(issuer) = self.engine.issuer_by_slug(slug).await? else { continue };
            return Ok(Some(ListEntry { issuer: issuer.issuer.id.clone(), list, index: i64::from(index) }));
        }
        Ok(None)
    }

    /// What was issued that may be this document: which of it is, its proof will tell.
    async fn candidates(&self, claims: &Map<String, Value>) -> Result<Vec<Located>, EngineError> {
        let store = self.engine.store();
        let Some(entry) = self.entry(claims).await? else { return Ok(Vec::new()) };
        let mut found = store.deliveries_at(&entry).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        if let Some((_, id)) = claims.get("jti").and_then(Value::as_str).and_then(|jti| jti.rsplit_once('/'))
        {
            found.extend(store.credential_with_id(&CredentialId::from(id)).await?);
        } else if let Some(issued) = claims.get("iat").and_then(Value::as_i64) {
            found.extend(store.credential_at(&entry, Timestamp::from_seconds(issued)).await?);
        }
        Ok(found)
    }

    pub(super) async fn find_entry(&self, document: &str) -> Result<OwnEntry, EngineError> {
        let (Some(committed), Some(claims)) = (verify::commitment(document), payload(document)) else {
            return Ok(OwnEntry::Unknown);
        };
        let mut waiting = false;
        for (tenant, hash) in self.candidates(&claims).await? {
            let issued = self.engine.issued_documents(&tenant, hash).await?;
            let is_this = issued.is_some_and(|issued| {
                issued.documents.values().any(|document| document.commitment == committed)
            });
            if !is_this {
                continue;
            }
            let proof =
                self.engine.credential_proof(&self.log, &tenant, hash, LeafOp::Issue, ProofDepth::Logged);
            match proof.await {
                Ok(proof) => return Ok(OwnEntry::Proof(proof)),
                Err(ProofError::NotYet) => waiting = true,
                Err(ProofError::Unknown) => {}
                Err(ProofError::Internal(error)) => return Err(error),
            }
        }
        Ok(if waiting { OwnEntry::Waiting } else { OwnEntry::Unknown })
    }
}

/// The payload of a compact JWS, alone or at the head of an SD-JWT. Whoever asks has verified it.
fn payload(document: &str) -> Option<Map<String, Value>> {
    let payload = document.split('~').next()?.split('.').nth(1)?;
    let payload = jose::b64url_decode(payload).ok()?;
    jose::strict_json(&payload).ok()?.as_object().cloned()
}

impl Sources for Deployment {
    async fn fetch(&self, url: &str, limit: usize) -> Result<Fetched, Unavailable> {
        if let Some(path) = self.below(url, "/") {
            let found = self.own_document(path).await.map_err(|error| internal(&error))?;
            let (body, fresh) = found.ok_or_else(|| Unavailable(format!("nothing is published at {url}")))?;
            return Ok(Fetched { body, fresh_seconds: Some(fresh) });
        }
        let fetched = self.client.get(url, limit).await.map_err(|error| Unavailable(error.to_string()))?;
        let fresh_seconds = fetched.fresh_seconds();
        let body = String::from_utf8(fetched.body).map_err(|_| Unavailable("it is no text".to_owned()))?;
        Ok(Fetched { body: body.into(), fresh_seconds })
    }

    async fn did_document(&self, did: &str) -> Result<Option<Value>, Unavailable> {
        self.engine.resolve_did(did).await.map_err(|error| internal(&error))
    }

    async fn is_own_issuer(&self, issuer: &str) -> bool {
        let found = match self.below(issuer, "/issuers/") {
            Some(slug) => self.engine.issuer_by_slug(slug).await.map(|issuer| issuer.is_some()),
            None if issuer.starts_with("did:") => self.engine.is_own_did(issuer).await,
            None => Ok(false),
        };
        found.unwrap_or_else(|error| {
            internal(&error);
            false
        })
    }

    async fn own_schema(&self, vct: &str) -> Result<Option<Arc<str>>, Unavailable> {
        let found = self.schemas.try_get_with_by_ref(vct, self.schema_of(vct)).await;
        found.map_err(|error| internal(&error))
    }

    async fn own_entry(&self, document: &str) -> Result<OwnEntry, Unavailable> {
        self.find_entry(document).await.map_err(|error| internal(&error))
    }

    async fn fetch_proof(&self, log: &str, jwt: &str) -> Result<String, Unavailable> {
        let request = serde_json::json!({ "credential": jwt });
        let url = format!("{log}/proof");
        let answer = self.client.post_json(&url, &request, tlog::tlog_proof::MAX_PROOF_LEN).await;
        let answer = answer.map_err(|error| Unavailable(error.to_string()))?;
        String::from_utf8(answer.body).map_err(|_| Unavailable("it is no text".to_owned()))
    }

    fn own_log(&self) -> Option<VerifierKey> {
        Some(self.log.verifier_key().clone())
    }

    fn development(&self) -> bool {
        self.client.is_development()
    }
}
