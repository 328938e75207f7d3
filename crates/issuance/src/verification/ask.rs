//! Asking a wallet: the request, its address, and the signed object behind it (OpenID4VP 1.0, section 5).

use std::sync::Arc;

use jose::jwe::DecryptionKey;
use jose::{Algorithm, SigningKey};
use model::{
    Actor, AuditAction, PresentationDefinition, PresentationId, PresentationRequest, PresentationState,
    TenantId,
};
use openid4vp::dcql::DcqlQuery;
use openid4vp::request::{
    Algorithms, ClientId, ClientIdPrefix, INVOCATION, REQUEST_OBJECT_TYP, Request, RequestUriMethod,
    ResponseMode, by_reference, client_metadata,
};
use openid4vp::transaction_data::TransactionData;
use serde_json::{Value, json};
use url::Url;

use super::terms::Terms;
use super::{PresentError, Verification};
use crate::EngineError;
use crate::issuer::ActiveIssuer;

/// The longest address to return to, in bytes.
const MAX_REDIRECT: usize = 2_048;

/// What goes with a request beside its template.
#[derive(Clone, Debug, Default)]
pub struct NewRequest {
    /// What the person agrees to by presenting (`transaction_data`, OpenID4VP 1.0, section 5.1).
    pub transaction_data: Vec<Value>,
    /// Where the person's browser goes afterwards, when the wallet is on the same device.
    pub redirect_uri: Option<String>,
}

/// A request that was made.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `correlationId`.
    pub id: PresentationId,
    /// The template.
    pub definition_id: String,
    /// What a wallet opens: `authRequestURI`.
    pub request_uri: String,
    /// First moment at which no answer is taken.
    pub expires_at: model::Timestamp,
}

/// A signed request object.
#[derive(Clone, Debug)]
pub struct RequestObject(pub String);

/// Who signs requests, and as whom.
pub(super) enum Signer {
    /// Nobody: the request is not signed.
    Nobody,
    /// An issuer of the tenant, by its DID.
    Issuer(Arc<ActiveIssuer>),
    /// The deployment, by its certificate.
    Certificate(super::VerifierCertificate),
}

/// A request with all that follows from it.
pub(super) struct Prepared {
    pub(super) terms: Terms,
    pub(super) query: DcqlQuery,
    pub(super) client_id: ClientId,
    pub(super) transactions: TransactionData,
    pub(super) nonce: String,
    pub(super) state: String,
    /// For answers that come encrypted.
    pub(super) key: Option<DecryptionKey>,
    response_uri: String,
    signer: Signer,
}

impl Verification {
    fn presentation_url(&self, id: &PresentationId, what: &str) -> String {
        format!("{}/presentations/{id}/{what}", self.engine.public_url())
    }

    /// A text of a request that nobody can guess, and that need not be stored.
    pub(super) fn secret_text(&self, what: &str, id: &PresentationId) -> String {
        let mac = self.engine.mac(&format!("presentation-{what}"), id.as_str().as_bytes());
        jose::b64url_encode(&mac[..24])
    }

    /// Who signs under these terms.
    pub(super) async fn signer(&self, tenant: &TenantId, terms: &Terms) -> Result<Signer, PresentError> {
        match terms.client_id_prefix {
            ClientIdPrefix::RedirectUri => Ok(Signer::Nobody),
            ClientIdPrefix::DecentralizedIdentifier => {
                let store = self.engine.store();
                let issuer = match &terms.correlation_id {
                    Some(slug) => store.tenant_issuer(tenant, slug).await?,
                    None => store.issuers(Some(tenant)).await?.into_iter().next(),
                };
                let issuer = issuer.ok_or(PresentError::NoSigner)?;
                let active = self.engine.issuer_by_did(&issuer.did).await?;
                Ok(Signer::Issuer(active.ok_or(PresentError::NoSigner)?))
            }
            ClientIdPrefix::X509SanDns | ClientIdPrefix::X509Hash => {
                self.settings.certificate.clone().map(Signer::Certificate).ok_or(PresentError::NoCertificate)
            }
        }
    }

    /// Under which name these terms ask for answers at `response_uri`.
    pub(super) fn client_id(
        &self,
        terms: &Terms,
        signer: &Signer,
        response_uri: &str,
    ) -> Result<ClientId, PresentError> {
        Ok(match signer {
            Signer::Nobody => ClientId::RedirectUri(response_uri.to_owned()),
            Signer::Issuer(issuer) => ClientId::DecentralizedIdentifier(issuer.did_web.clone()),
            Signer::Certificate(certificate) if terms.client_id_prefix == ClientIdPrefix::X509Hash => {
                ClientId::X509Hash(certificate.chain.leaf_sha256())
            }
            Signer::Certificate(certificate) => {
                // The wallet sends its answer only to the host that the certificate names.
                let host = Url::parse(response_uri).ok().and_then(|url| url.host_str().map(str::to_owned));
                let names = certificate.chain.dns_names();
                let named = host.filter(|host| names.iter().any(|name| name == host));
                ClientId::X509SanDns(named.ok_or(PresentError::NoCertificate)?)
            }
        })
    }

    /// What a stored request asks.
    pub(super) async fn prepare(&self, request: &PresentationRequest) -> Result<Prepared, PresentError> {
        let terms = Terms::stored(&request.terms)?;
        let query = terms.query()?;
        let encoded: Vec<String> = match &request.transaction_data {
            Some(encoded) => serde_json::from_str(encoded)
                .map_err(|error| EngineError::inconsistent(format!("transaction data: {error}")))?,
            None => Vec::new(),
        };
        let transactions = TransactionData::read(&encoded, &query)
            .map_err(|error| EngineError::inconsistent(format!("transaction data: {error}")))?;
        self.prepared(request, terms, query, transactions).await
    }

    /// What follows from what a request asks.
    async fn prepared(
        &self,
        request: &PresentationRequest,
        terms: Terms,
        query: DcqlQuery,
        transactions: TransactionData,
    ) -> Result<Prepared, PresentError> {
        let response_uri = self.presentation_url(&request.id, "response");
        let signer = self.signer(&request.tenant_id, &terms).await?;
        let client_id = self.client_id(&terms, &signer, &response_uri)?;
        let key = match terms.response_mode {
            ResponseMode::DirectPost => None,
            ResponseMode::DirectPostJwt => Some(self.answer_key(&request.id)?),
        };
        Ok(Prepared {
            nonce: self.secret_text("nonce", &request.id),
            state: self.secret_text("state", &request.id),
            terms,
            query,
            client_id,
            transactions,
            key,
            response_uri,
            signer,
        })
    }

    /// The key to which a wallet encrypts its answer: its own for each request, and derived, so that every replica has it.
    fn answer_key(&self, id: &PresentationId) -> Result<DecryptionKey, EngineError> {
        DecryptionKey::from_scalar(&self.engine.mac("presentation-encryption", id.as_str().as_bytes()))
            .map_err(|_| EngineError::inconsistent("the derived key for answers is out of range"))
    }

    /// Asks by a template of a tenant.
    pub async fn ask(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        definition_id: &str,
        new: NewRequest,
    ) -> Result<Asked, PresentError> {
        let definition = self.definition(tenant, definition_id).await?;
        self.ask_by(actor, definition, new).await
    }

    pub(super) async fn ask_by(
        &self,
        actor: &Actor,
        definition: PresentationDefinition,
        new: NewRequest,
    ) -> Result<Asked, PresentError> {
        let terms = Terms::stored(&definition.terms)?;
        let query = terms.query()?;
        let transactions = TransactionData::check(&new.transaction_data, &query)
            .map_err(|error| PresentError::invalid(format!("{error}.")))?;
        if let Some(uri) = &new.redirect_uri {
            self.check_redirect(uri)?;
        }
        let now = self.engine.now();
        let request = PresentationRequest {
            id: self.engine.new_presentation_id(),
            tenant_id: definition.tenant_id,
            definition_id: definition.definition_id,
            name: definition.name,
            purpose: definition.purpose,
            expires_at: now.plus_seconds(terms.request_seconds),
            terms: definition.terms,
            transaction_data: (!transactions.is_empty())
                .then(|| serde_json::to_string(&transactions.encoded()).expect("texts alone")),
            redirect_uri: new.redirect_uri,
            state: PresentationState::Created,
            verdict: None,
            error: None,
            result: None,
            result_until: None,
            created_at: now,
            created_by: actor.id.clone(),
            updated_at: now,
        };
        let prepared = self.prepared(&request, terms, query, transactions).await?;
        let request_uri = self.request_uri(&request, &prepared)?;
        let event = self.engine.event(
            actor,
            &request.tenant_id,
            AuditAction::RequestPresentation,
            request.id.as_str(),
            now,
        );
        self.engine.store().insert_presentation(&request, &event).await?;
        Ok(Asked {
            id: request.id,
            definition_id: request.definition_id,
            request_uri,
            expires_at: request.expires_at,
        })
    }

    fn check_redirect(&self, uri: &str) -> Result<(), PresentError> {
        let wrong = || {
            PresentError::invalid(format!(
                "redirectUri is an https URL of at most {MAX_REDIRECT} characters, without a fragment."
            ))
        };
        let url = Url::parse(uri).ok().filter(|_| uri.len() <= MAX_REDIRECT).ok_or_else(wrong)?;
        let local = url.scheme() == "http" && self.engine.public_url().starts_with("http://");
        if (url.scheme() == "https" || local) && url.has_host() && url.fragment().is_none() {
            return Ok(());
        }
        Err(wrong())
    }

    /// What a wallet opens.
    pub(super) fn request_uri(
        &self,
        request: &PresentationRequest,
        prepared: &Prepared,
    ) -> Result<String, PresentError> {
        if matches!(prepared.signer, Signer::Nobody) {
            let encoded = prepared.transactions.encoded();
            let metadata = metadata(prepared);
            let by_value = written(prepared, &encoded, &metadata, None, request).by_value(INVOCATION);
            return by_value.map_err(|error| EngineError::inconsistent(error.to_string()).into());
        }
        let request_uri = self.presentation_url(&request.id, "request");
        Ok(by_reference(INVOCATION, &prepared.client_id, &request_uri, RequestUriMethod::Post))
    }

    /// The request object, for a wallet that fetches it. It may be fetched more than once.
    pub async fn request_object(
        &self,
        id: &PresentationId,
        wallet_nonce: Option<&str>,
    ) -> Result<RequestObject, PresentError> {
        let request = self.open_request(id).await?;
        let prepared = self.prepare(&request).await?;
        let encoded = prepared.transactions.encoded();
        let metadata = metadata(&prepared);
        let (mut header, key): (Value, &SigningKey) = match &prepared.signer {
            // An unsigned request is all in its address.
            Signer::Nobody => return Err(PresentError::UnknownRequest),
            Signer::Issuer(issuer) => {
                let key = issuer.current();
                (json!({ "kid": format!("{}#{}", issuer.did_web, key.kid) }), &key.key)
            }
            Signer::Certificate(certificate) => {
                let chain = certificate.chain.clone().without_roots();
                (json!({ "x5c": chain.to_x5c() }), &certificate.key)
            }
        };
        let payload = written(&prepared, &encoded, &metadata, wallet_nonce, &request).payload();
        let payload = payload.map_err(|error| EngineError::inconsistent(error.to_string()))?;
        header["typ"] = REQUEST_OBJECT_TYP.into();
        let signed = key.sign_compact(&header, payload.to_string().as_bytes());
        self.engine.store().mark_presentation_sent(id, self.engine.now()).await?;
        Ok(RequestObject(signed))
    }

    /// A request that can still be answered.
    pub(super) async fn open_request(
        &self,
        id: &PresentationId,
    ) -> Result<PresentationRequest, PresentError> {
        let request = self.engine.store().presentation(id).await?.ok_or(PresentError::UnknownRequest)?;
        match request.state_at(self.engine.now()) {
            PresentationState::Created | PresentationState::Sent => Ok(request),
            PresentationState::Expired => Err(PresentError::Expired),
            PresentationState::Verified | PresentationState::Failed => Err(PresentError::Answered),
        }
    }
}

fn metadata(prepared: &Prepared) -> Value {
    let credentials: Vec<&str> = Algorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
    let algorithms = Algorithms { credentials: &credentials, holders: &credentials };
    client_metadata(&prepared.query, &algorithms, prepared.key.as_ref())
}

fn written<'a>(
    prepared: &'a Prepared,
    transaction_data: &'a [String],
    client_metadata: &'a Value,
    wallet_nonce: Option<&'a str>,
    request: &PresentationRequest,
) -> Request<'a> {
    Request {
        client_id: &prepared.client_id,
        response_uri: &prepared.response_uri,
        response_mode: prepared.terms.response_mode,
        nonce: &prepared.nonce,
        state: &prepared.state,
        dcql_query: &prepared.query,
        client_metadata,
        transaction_data,
        wallet_nonce,
        iat: request.created_at.seconds(),
        exp: request.expires_at.seconds(),
    }
}
