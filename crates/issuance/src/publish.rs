//! What an issuer shows the world: DID documents, keys, schemas, types and status lists.

use std::sync::Arc;
use std::time::Duration;

use model::{IssuerId, Program, ProgramId, SchemaId};
use moka::future::Cache;
use serde_json::{Map, Value, json};
use vc::did::VerificationMethod;
use vc::status::{BitstringStatusList, StatusBits, StatusListToken};

use crate::EngineError;
use crate::catalog::ActiveProgram;
use crate::engine::Engine;
use crate::issuer::{ActiveIssuer, LIST_BITS, LIST_SIZE};

/// For how long a signed status list is reused by this process: a revocation shows within this time.
const LIST_REUSED: Duration = Duration::from_secs(1);
/// For how long a status list is valid after it was signed, in seconds.
const LIST_VALID_SECONDS: i64 = 86_400;

/// The two forms in which one list is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListFormat {
    /// Token Status List, as a status list token.
    Token,
    /// Bitstring Status List, as a credential in a JWT.
    Bitstring,
}

/// Signed lists of the last moment.
#[derive(Debug)]
pub(crate) struct Published {
    lists: Cache<(String, i64, ListFormat), Arc<str>>,
}

impl Default for Published {
    fn default() -> Self {
        Self { lists: Cache::builder().max_capacity(1_000).time_to_live(LIST_REUSED).build() }
    }
}

impl Engine {
    /// Where a schema is published.
    pub(crate) fn schema_url(&self, schema: &SchemaId) -> String {
        format!("{}/schemas/{schema}", self.settings.public_url)
    }

    /// Where a schema's JSON-LD context is published.
    pub(crate) fn schema_context_url(&self, schema: &SchemaId) -> String {
        format!("{}/context", self.schema_url(schema))
    }

    /// The `vct` of a program's SD-JWT VCs.
    pub(crate) fn credential_type_url(&self, program: &Program) -> String {
        format!("{}/credential-types/{}", self.settings.public_url, program.id)
    }

    /// Where the log is.
    fn log_url(&self) -> String {
        format!("{}/log", self.settings.public_url)
    }

    /// The DID document of the issuer with this slug, as `did:web`.
    pub async fn did_document(&self, slug: &str) -> Result<Option<Value>, EngineError> {
        let issuer = self.issuer_by_slug(slug).await?;
        Ok(issuer.map(|issuer| self.document(&issuer, &issuer.did_web, &issuer.issuer.did)))
    }

    /// The DID document of one of our issuers, by either of its DIDs.
    pub async fn resolve_did(&self, did: &str) -> Result<Option<Value>, EngineError> {
        if let Some(issuer) = self.issuer_by_did(did).await? {
            return Ok(Some(self.document(&issuer, did, &issuer.did_web)));
        }
        let Some((_, slug)) = did.rsplit_once(':') else { return Ok(None) };
        let issuer = self.issuer_by_slug(slug).await?.filter(|issuer| issuer.did_web == did);
        Ok(issuer.map(|issuer| self.document(&issuer, did, &issuer.issuer.did)))
    }

    fn document(&self, issuer: &ActiveIssuer, did: &str, other: &str) -> Value {
        let methods: Vec<VerificationMethod<'_>> = issuer
            .keys
            .iter()
            .map(|key| VerificationMethod { kid: key.kid.as_str(), key: key.key.public_key() })
            .collect();
        let mut document = vc::did::document(did, &[other], &methods);
        let (id, log) = (format!("{did}#log"), self.log_url());
        document["service"] = json!([{"id": id, "type": verify::LOG_SERVICE, "serviceEndpoint": log}]);
        document
    }

    /// Whether a DID is one of our issuers.
    pub(crate) async fn is_own_did(&self, did: &str) -> Result<bool, EngineError> {
        if self.issuer_by_did(did).await?.is_some() {
            return Ok(true);
        }
        let Some((_, slug)) = did.rsplit_once(':') else { return Ok(false) };
        Ok(self.issuer_by_slug(slug).await?.is_some_and(|issuer| issuer.did_web == did))
    }

    /// The JWT VC issuer metadata of the issuer with this slug (draft-ietf-oauth-sd-jwt-vc, section on issuer metadata).
    pub async fn jwt_vc_issuer(&self, slug: &str) -> Result<Option<Value>, EngineError> {
        Ok(self.issuer_by_slug(slug).await?.map(|issuer| {
            let keys: Vec<Value> = issuer.keys.iter().map(jwk).collect();
            json!({"issuer": issuer.url, "jwks": {"keys": keys}, "transparency_log": self.log_url()})
        }))
    }

    /// A schema, with its URL as `$id`.
    pub async fn published_schema(&self, id: &SchemaId) -> Result<Option<Value>, EngineError> {
        let Some(schema) = self.store.schema(id).await? else { return Ok(None) };
        let mut document: Value = serde_json::from_str(&schema.document)
            .map_err(|_| EngineError::inconsistent(format!("schema {id} is not JSON")))?;
        document["$id"] = self.schema_url(id).into();
        Ok(Some(document))
    }

    /// The JSON-LD context of a schema: each property is a term of the schema's own vocabulary.
    pub async fn published_context(&self, id: &SchemaId) -> Result<Option<Value>, EngineError> {
        let Some(schema) = self.published_schema(id).await? else { return Ok(None) };
        let vocabulary = format!("{}#", self.schema_context_url(id));
        let mut terms = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if name != "id" {
                terms.insert(name.clone(), term(&vocabulary, name, property));
            }
        }
        terms.insert("@vocab".to_owned(), vocabulary.into());
        Ok(Some(json!({"@context": terms})))
    }

    /// The type metadata of a published program (draft-ietf-oauth-sd-jwt-vc, section on type metadata).
    pub async fn credential_type(&self, id: &ProgramId) -> Result<Option<Value>, EngineError> {
        Ok(self.published_program(id).await?.map(|active| {
            let program = &active.program;
            json!({"vct": self.credential_type_url(program), "name": program.name})
        }))
    }

    /// A published program, whoever owns it.
    pub(crate) async fn published_program(
        &self,
        id: &ProgramId,
    ) -> Result<Option<Arc<ActiveProgram>>, EngineError> {
        match self.store.published_program_owner(id).await? {
            Some(tenant) => self.active_program(&tenant, id).await,
            None => Ok(None),
        }
    }

    /// A status list of the issuer with this slug, signed; `None` if the issuer has not come that far.
    pub async fn status_list(
        &self,
        slug: &str,
        list: i64,
        format: ListFormat,
    ) -> Result<Option<Arc<str>>, EngineError> {
        let Some(issuer) = self.issuer_by_slug(slug).await? else { return Ok(None) };
        let taken = self.store.status_positions(&issuer.issuer.id).await?;
        if !(0..=(taken - 1).max(0) >> LIST_BITS).contains(&list) {
            return Ok(None);
        }
        let key = (slug.to_owned(), list, format);
        let signed = self.published.lists.try_get_with(key, self.sign_list(&issuer, list, format)).await;
        Ok(Some(signed.map_err(EngineError::from)?))
    }

    /// A status list as it is now.
    pub(crate) async fn list_bits(&self, issuer: &IssuerId, list: i64) -> Result<StatusBits, EngineError> {
        let broken =
            |error: &dyn std::fmt::Display| EngineError::inconsistent(format!("status list: {error}"));
        let mut bits = StatusBits::new(LIST_SIZE).map_err(|error| broken(&error))?;
        for index in self.store.revoked_entries(issuer, list).await? {
            let index = u32::try_from(index).map_err(|error| broken(&error))?;
            bits.set(index, true).map_err(|error| broken(&error))?;
        }
        Ok(bits)
    }

    async fn sign_list(
        &self,
        issuer: &ActiveIssuer,
        list: i64,
        format: ListFormat,
    ) -> Result<Arc<str>, EngineError> {
        let broken =
            |error: &dyn std::fmt::Display| EngineError::inconsistent(format!("status list: {error}"));
        let bits = self.list_bits(&issuer.issuer.id, list).await?;
        let now = self.clock.now();
        let expires = now.plus_seconds(LIST_VALID_SECONDS);
        let key = issuer.current();
        let signed = match format {
            ListFormat::Token => {
                let token = StatusListToken {
                    sub: issuer.token_list_url(list),
                    iat: now.seconds(),
                    exp: Some(expires.seconds()),
                    ttl: Some(self.settings.status_list_ttl),
                    bits,
                };
                token.sign(&key.key, key.kid.as_str())
            }
            ListFormat::Bitstring => {
                let credential = BitstringStatusList {
                    id: issuer.bitstring_list_url(list),
                    issuer: issuer.did_web.clone(),
                    valid_from: now.rfc3339(),
                    valid_until: Some(expires.rfc3339()),
                    bits,
                };
                let kid = format!("{}#{}", issuer.did_web, key.kid);
                credential.sign(&key.key, &kid).map_err(|error| broken(&error))?
            }
        };
        Ok(signed.into())
    }
}

fn jwk(key: &keys::CredentialKey) -> Value {
    let mut jwk = key.key.public_key().to_jwk();
    jwk["kid"] = key.kid.as_str().into();
    jwk["use"] = "sig".into();
    jwk["alg"] = key.key.algorithm().as_str().into();
    jwk
}

fn term(vocabulary: &str, name: &str, property: &Value) -> Value {
    let xsd = |name| format!("http://www.w3.org/2001/XMLSchema#{name}");
    let id = format!("{vocabulary}{name}");
    match (property["type"].as_str(), property["format"].as_str()) {
        (Some("integer"), _) => json!({"@id": id, "@type": xsd("integer")}),
        (Some("number"), _) => json!({"@id": id, "@type": xsd("double")}),
        (Some("boolean"), _) => json!({"@id": id, "@type": xsd("boolean")}),
        (Some("string"), Some("date-time")) => json!({"@id": id, "@type": xsd("dateTime")}),
        (Some("string"), Some("date")) => json!({"@id": id, "@type": xsd("date")}),
        (Some("string"), _) => json!({"@id": id, "@type": xsd("string")}),
        _ => json!({"@id": id}),
    }
}
