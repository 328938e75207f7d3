//! Who asks in the credential-offers dialect: the `X-API-KEY` header.

use std::sync::Arc;

use model::{Actor, ActorKind, ApiKey, ApiKeyStatus, Origin, Role, Tenant};
use store::OfferScope;
use verify::sha256;

use super::OfferError;
use crate::EngineError;
use crate::engine::Engine;

/// A user of a tenant, by an API key that was checked.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant.
    pub tenant: Arc<Tenant>,
    /// The key.
    pub key: ApiKey,
    /// Where the request came from.
    pub origin: Origin,
}

/// Why nobody is let in. The three first look the same to a stranger.
#[derive(Debug, thiserror::Error)]
pub enum CallerError {
    /// No header.
    #[error("Missing X-API-KEY header: send an API key of this environment in it.")]
    Missing,
    /// No such key in this environment.
    #[error(
        "Invalid API key: it is not known, has expired or was revoked, or belongs to another environment."
    )]
    Unknown,
    /// Our fault.
    #[error(transparent)]
    Internal(#[from] EngineError),
}

impl Caller {
    fn has(&self, role: Role) -> bool {
        self.key.roles.contains(&role)
    }

    /// Whether it may change anything.
    pub fn may_write(&self) -> bool {
        self.has(Role::Admin) || self.has(Role::User)
    }

    /// Whether it may manage API keys and organisation profiles.
    pub fn is_admin(&self) -> bool {
        self.has(Role::Admin)
    }

    /// Whether it may read the audit trail.
    pub fn may_audit(&self) -> bool {
        self.has(Role::Admin) || self.has(Role::Auditor)
    }

    /// Whether it may read what the issuing side has.
    pub fn may_read(&self) -> bool {
        self.key.roles.iter().any(|role| role.issues())
    }

    /// Whether it may manage templates of presentations.
    pub fn manages_verification(&self) -> bool {
        self.has(Role::VerifierAdmin)
    }

    /// Whether it may ask for presentations, and see what is shown.
    pub fn verifies(&self) -> bool {
        self.has(Role::VerifierAdmin) || self.has(Role::VerifierUser)
    }

    /// Whether it may see how requests for presentations stand.
    pub fn reads_verification(&self) -> bool {
        self.verifies() || self.has(Role::VerifierAuditor)
    }

    /// As whom the audit trail knows it.
    pub fn actor(&self) -> Actor {
        Actor {
            kind: ActorKind::User,
            id: self.key.user_id.to_string(),
            key: Some(self.key.id.to_string()),
            origin: self.origin.clone(),
        }
    }

    /// The user's id, as it ends up in `createdBy`.
    pub(crate) fn user(&self) -> &str {
        self.key.user_id.as_str()
    }

    /// The offers that it sees.
    pub(crate) fn reading(&self) -> OfferScope {
        self.scope(self.may_audit())
    }

    /// The offers that it may change.
    pub(crate) fn writing(&self) -> OfferScope {
        self.scope(self.is_admin())
    }

    /// Its own searches; all, if it may audit.
    pub(crate) fn own_unless_auditing(&self) -> OfferScope {
        let made_by = (!self.may_audit()).then(|| self.key.user_id.clone());
        OfferScope { tenant: self.tenant.id.clone(), made_by }
    }

    fn scope(&self, all: bool) -> OfferScope {
        let made_by = (self.tenant.own_offers_only && !all).then(|| self.key.user_id.clone());
        OfferScope { tenant: self.tenant.id.clone(), made_by }
    }
}

impl Engine {
    /// Checks the `X-API-KEY` header for the environment that the path names.
    pub async fn authenticate_caller(
        &self,
        env_id: &str,
        header: Option<&str>,
        origin: Origin,
    ) -> Result<Caller, CallerError> {
        let presented = header.ok_or(CallerError::Missing)?;
        let key =
            self.store.api_key_by_hash(&sha256(presented.as_bytes())).await.map_err(EngineError::from)?;
        let key = key.ok_or(CallerError::Unknown)?;
        let now = self.clock.now();
        let tenant = self.tenant(key.tenant_id.clone()).await?.ok_or(CallerError::Unknown)?;
        if tenant.env_id != env_id || key.status(now) != ApiKeyStatus::Active {
            return Err(CallerError::Unknown);
        }
        if key.last_used_at.is_none_or(|last| last.plus_seconds(ApiKey::USE_KEPT_SECONDS) <= now) {
            self.store.touch_api_key(&key.id, now).await.map_err(EngineError::from)?;
        }
        Ok(Caller { tenant, key, origin })
    }

    /// The tenant of an environment, for what needs no key.
    pub(crate) async fn environment(&self, env_id: &str) -> Result<Tenant, OfferError> {
        self.store.tenant_by_environment(env_id).await?.ok_or(OfferError::NotFound)
    }
}
