//! Tenants' public keys: pinned, or fetched from the URL that the tenant registered and cached.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jose::{JwkSet, KeyWarning};
use model::{Clock, PartnerKeys, Tenant, TenantId, Timestamp};

use crate::partner::PartnerAuthError;
use crate::{FetchError, GuardedClient};

/// How JWKS are cached. All in seconds.
#[derive(Clone, Copy, Debug)]
pub struct JwksSettings {
    /// Fresh for at least this long, whatever `Cache-Control` says.
    pub min_fresh: i64,
    /// Fresh for at most this long.
    pub max_fresh: i64,
    /// Fresh for this long if `Cache-Control` says nothing.
    pub default_fresh: i64,
    /// How long keys serve after they were fetched while the URL is down.
    pub max_stale: i64,
    /// An unknown `kid` forces at most one fetch a tenant in this time; so does a URL that is down.
    pub min_interval: i64,
}

impl Default for JwksSettings {
    fn default() -> Self {
        Self { min_fresh: 60, max_fresh: 86_400, default_fresh: 300, max_stale: 86_400, min_interval: 10 }
    }
}

/// Where a tenant's keys stand right now.
pub(crate) type TenantKeys = Arc<JwkSet>;

#[derive(Debug, Default)]
struct Cached {
    keys: Option<Held>,
    /// The last attempt to fetch, and how it failed if it did.
    attempted_at: Option<Timestamp>,
    failure: Option<PartnerAuthError>,
}

#[derive(Clone, Debug)]
struct Held {
    keys: TenantKeys,
    fetched_at: Timestamp,
    fresh_until: Timestamp,
}

/// One tenant's keys. Whoever fetches holds `fetching`; readers do not wait for it as long as there is something to read.
#[derive(Debug)]
struct Entry {
    source: PartnerKeys,
    cached: RwLock<Cached>,
    fetching: tokio::sync::Mutex<()>,
}

/// The keys of every tenant that was seen.
#[derive(Debug)]
pub(crate) struct JwksCache {
    client: GuardedClient,
    clock: Arc<dyn Clock>,
    settings: JwksSettings,
    entries: Mutex<HashMap<TenantId, Arc<Entry>>>,
}

impl JwksCache {
    pub(crate) fn new(client: GuardedClient, clock: Arc<dyn Clock>, settings: JwksSettings) -> Self {
        Self { client, clock, settings, entries: Mutex::default() }
    }

    /// A tenant's keys: from the cache while they are fresh, fetched otherwise. While the URL is down, cached keys serve until
    /// they are too old.
    pub(crate) async fn keys(&self, tenant: &Tenant) -> Result<TenantKeys, PartnerAuthError> {
        let entry = self.entry(tenant);
        if let Some(held) = entry.held().filter(|held| self.clock.now() < held.fresh_until) {
            return Ok(held.keys);
        }
        self.refresh(tenant, &entry, false).await
    }

    /// A tenant's keys after one more look at the URL, for a `kid` that `seen` does not have; at most one look in
    /// [`JwksSettings::min_interval`], however many ask.
    pub(crate) async fn keys_beyond(
        &self,
        tenant: &Tenant,
        seen: &TenantKeys,
    ) -> Result<TenantKeys, PartnerAuthError> {
        let entry = self.entry(tenant);
        match entry.held() {
            // Somebody else has looked in between.
            Some(held) if !Arc::ptr_eq(&held.keys, seen) => Ok(held.keys),
            _ => self.refresh(tenant, &entry, true).await,
        }
    }

    /// The entry of a tenant; a new one when its registration has changed.
    fn entry(&self, tenant: &Tenant) -> Arc<Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        match entries.get(&tenant.id) {
            Some(entry) if entry.source == tenant.partner_keys => Arc::clone(entry),
            _ => {
                let source = tenant.partner_keys.clone();
                let entry =
                    Arc::new(Entry { source, cached: RwLock::default(), fetching: Default::default() });
                entries.insert(tenant.id.clone(), Arc::clone(&entry));
                entry
            }
        }
    }

    /// Fetches unless somebody just did. `forced` by an unknown key; otherwise because the cache is no longer fresh.
    async fn refresh(
        &self,
        tenant: &Tenant,
        entry: &Entry,
        forced: bool,
    ) -> Result<TenantKeys, PartnerAuthError> {
        // One fetches; the others wait for it only if they have nothing to go on with.
        let _fetching = match entry.fetching.try_lock() {
            Ok(guard) => guard,
            Err(_) => match self.usable(entry) {
                Some(keys) if !forced => return Ok(keys),
                _ => entry.fetching.lock().await,
            },
        };
        let now = self.clock.now();
        if !self.may_fetch(entry, now, forced) {
            return self.usable(entry).ok_or_else(|| entry.failure());
        }
        let outcome = self.load(tenant, &entry.source, now).await;
        match entry.record(outcome, now) {
            Ok(keys) => Ok(keys),
            Err(failure) => self.usable(entry).ok_or(failure),
        }
    }

    fn may_fetch(&self, entry: &Entry, now: Timestamp, forced: bool) -> bool {
        let cached = entry.cached.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = cached.keys.as_ref().is_some_and(|held| now < held.fresh_until);
        let recent = cached.attempted_at.is_some_and(|at| now < at.plus_seconds(self.settings.min_interval));
        match &entry.source {
            PartnerKeys::Url(_) => !recent && (forced || !fresh),
            // A document does not change: it is read once.
            PartnerKeys::Pinned(_) | PartnerKeys::None => cached.attempted_at.is_none(),
        }
    }

    /// Cached keys, unless they are too old to serve.
    fn usable(&self, entry: &Entry) -> Option<TenantKeys> {
        let held = entry.held()?;
        let too_old = match entry.source {
            PartnerKeys::Url(_) => {
                self.clock.now()
                    >= held.fetched_at.plus_seconds(self.settings.max_stale).max(held.fresh_until)
            }
            PartnerKeys::Pinned(_) | PartnerKeys::None => false,
        };
        (!too_old).then_some(held.keys)
    }

    async fn load(
        &self,
        tenant: &Tenant,
        source: &PartnerKeys,
        now: Timestamp,
    ) -> Result<Held, PartnerAuthError> {
        let (body, fresh_until) = match source {
            PartnerKeys::None => return Err(PartnerAuthError::NoKeys),
            PartnerKeys::Pinned(document) => (document.clone().into_bytes(), Timestamp(i64::MAX)),
            PartnerKeys::Url(url) => {
                let fetched = self.client.get(url, jose::MAX_JWK_SET_LEN).await;
                let fetched = fetched.map_err(|error| {
                    tracing::warn!(tenant = %tenant.id, %error, "a tenant's JWKS could not be fetched");
                    PartnerAuthError::Unreachable(error)
                })?;
                let fresh = fetched.fresh_seconds().unwrap_or(self.settings.default_fresh);
                let fresh = fresh.clamp(self.settings.min_fresh, self.settings.max_fresh);
                (fetched.body, now.plus_seconds(fresh))
            }
        };
        let keys = JwkSet::parse(&body).map_err(|error| PartnerAuthError::BadJwks(error.to_string()))?;
        warn_of(&tenant.id, &keys.warnings);
        Ok(Held { keys: Arc::new(keys), fetched_at: now, fresh_until })
    }

    /// Fetches a tenant's keys now, for `doctor`: what the server would find.
    pub(crate) async fn probe(&self, tenant: &Tenant) -> Result<TenantKeys, PartnerAuthError> {
        self.load(tenant, &tenant.partner_keys, self.clock.now()).await.map(|held| held.keys)
    }
}

impl Entry {
    fn held(&self) -> Option<Held> {
        self.cached.read().unwrap_or_else(PoisonError::into_inner).keys.clone()
    }

    fn failure(&self) -> PartnerAuthError {
        let cached = self.cached.read().unwrap_or_else(PoisonError::into_inner);
        cached.failure.clone().unwrap_or(PartnerAuthError::Unreachable(FetchError::Broken))
    }

    fn record(
        &self,
        outcome: Result<Held, PartnerAuthError>,
        now: Timestamp,
    ) -> Result<TenantKeys, PartnerAuthError> {
        let mut cached = self.cached.write().unwrap_or_else(PoisonError::into_inner);
        cached.attempted_at = Some(now);
        cached.failure = outcome.as_ref().err().cloned();
        let held = outcome?;
        let keys = Arc::clone(&held.keys);
        cached.keys = Some(held);
        Ok(keys)
    }
}

fn warn_of(tenant: &TenantId, warnings: &[KeyWarning]) {
    for warning in warnings {
        tracing::warn!(%tenant, %warning, "a tenant's JWKS");
    }
}
