//! The engine itself: what every verb works with.

use std::sync::Arc;

use aws_lc_rs::hmac;
use blobs::Blobs;
use iden3::DidMethod;
use keys::MasterKey;
use mail::Mailer;
use model::{AnchorPolicy, Clock, Entropy, Tenant, TenantId, Timestamp};
use store::Store;
use tlog::key::VerifierKey;
use tokio::sync::{Notify, Semaphore};

use crate::catalog::Catalog;
use crate::issue_on_behalf::Turns;
use crate::partner::{
    AuthenticateError, Authenticator, JwksCache, JwksSettings, Partner, PartnerAuthError, TokenSettings,
};
use crate::positions::Positions;
use crate::publish::Published;
use crate::{EngineError, GuardedClient};

/// What an operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the server is reached from outside, without a slash at the end; it becomes part of what is issued.
    pub public_url: String,
    /// The iden3 DID method of issuers and holders.
    pub did_method: DidMethod,
    /// How Partner JWTs are checked.
    pub tokens: TokenSettings,
    /// How JWKS are cached.
    pub jwks: JwksSettings,
    /// For how many seconds a change by the command line may go unseen by a running server.
    pub catalog_seconds: u64,
    /// For how many seconds a copy of a status list may be used.
    pub status_list_ttl: u64,
    /// For how many seconds a claim code is accepted.
    pub claim_code_seconds: i64,
    /// For how many seconds a wallet's access token is accepted.
    pub access_token_seconds: i64,
    /// When what a new issuer signs counts as anchored, unless it is said.
    pub anchor: AnchorPolicy,
    /// The keys of the witnesses that are asked to sign the log's checkpoints.
    pub witnesses: Vec<VerifierKey>,
}

/// What an engine is put together from.
#[derive(Debug)]
pub struct Parts {
    /// What the operator decided.
    pub settings: Settings,
    /// The database.
    pub store: Arc<Store>,
    /// The key that all other keys rest under.
    pub master: MasterKey,
    /// Fetches what tenants' URLs name.
    pub client: GuardedClient,
    /// Sends mail.
    pub mailer: Mailer,
    /// Keeps images.
    pub blobs: Blobs,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// How many images are decoded at once.
const DECODING: usize = 2;

/// The engine. One per process; verbs are its methods, one module each.
#[derive(Debug)]
pub struct Engine {
    pub(crate) settings: Settings,
    pub(crate) store: Arc<Store>,
    pub(crate) master: MasterKey,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) catalog: Catalog,
    pub(crate) positions: Positions,
    pub(crate) turns: Turns,
    pub(crate) published: Published,
    pub(crate) mailer: Mailer,
    pub(crate) blobs: Blobs,
    pub(crate) decoding: Semaphore,
    pub(crate) jobs_waiting: Notify,
    authenticator: Authenticator,
}

impl Engine {
    /// Puts an engine together.
    pub fn new(parts: Parts) -> Self {
        let Parts { settings, store, master, client, mailer, blobs, clock, entropy } = parts;
        let jwks = JwksCache::new(client, Arc::clone(&clock), settings.jwks);
        Self {
            catalog: Catalog::new(settings.catalog_seconds),
            positions: Positions::default(),
            turns: Turns::default(),
            published: Published::default(),
            authenticator: Authenticator::new(jwks, Arc::clone(&clock), settings.tokens),
            decoding: Semaphore::new(DECODING),
            jobs_waiting: Notify::new(),
            settings,
            store,
            master,
            mailer,
            blobs,
            clock,
            entropy,
        }
    }

    /// Where the server is reached from outside.
    pub fn public_url(&self) -> &str {
        &self.settings.public_url
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Random bytes, from the engine's own source.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        self.entropy.bytes()
    }

    /// HMAC-SHA-256 under a key of its own for `purpose`, which only the master key gives.
    pub(crate) fn mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let key = self.master.derive(purpose);
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
        hmac::sign(&key, message).as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")
    }

    /// Encrypts what rests in the database for `context`, which must be said again to open it.
    pub(crate) fn seal(&self, context: &str, secret: &[u8]) -> Vec<u8> {
        self.master.seal(context, secret, &*self.entropy)
    }

    /// Decrypts what [`Engine::seal`] made.
    pub(crate) fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, EngineError> {
        let opened = self.master.open(context, sealed);
        let opened = opened.map_err(|error| EngineError::inconsistent(format!("{context}: {error}")))?;
        Ok(opened.expose().clone())
    }

    pub(crate) fn new_presentation_id(&self) -> model::PresentationId {
        model::PresentationId::mint(&*self.entropy)
    }

    /// The database.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Checks the `x-partner-auth` header (seed 001, `partnerJwt`).
    pub async fn authenticate_partner(&self, header: Option<&str>) -> Result<Partner, AuthenticateError> {
        self.authenticator.authenticate(header, |id| self.tenant(id)).await
    }

    pub(crate) async fn tenant(&self, id: TenantId) -> Result<Option<Arc<Tenant>>, EngineError> {
        self.catalog.tenant(&self.store, id).await
    }

    /// Fetches a tenant's keys as the server would, past the cache; how many of them can verify, and what is wrong with the
    /// others. For `doctor`.
    pub async fn probe_partner_keys(
        &self,
        tenant: &Tenant,
    ) -> Result<(usize, Vec<String>), PartnerAuthError> {
        let keys = self.authenticator.jwks().probe(tenant).await?;
        Ok((keys.keys.len(), keys.warnings.iter().map(ToString::to_string).collect()))
    }
}
