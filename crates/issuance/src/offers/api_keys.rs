//! API keys: made, revoked. What is kept is a hash; the key itself is shown once.

use std::fmt;

use keys::Secret;
use model::{Actor, ApiKey, ApiKeyId, AuditAction, Role, TenantId, Timestamp, UserId};
use verify::sha256;

use super::OfferError;
use crate::engine::Engine;

/// What every key begins with, by which people and secret scanners recognise one.
const PREFIX: &str = "bst_";
/// How much of a key is kept to recognise it by.
const MASK: usize = PREFIX.len() + 6;

/// An API key to be.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// What people call it: 1 to 50 characters.
    pub name: String,
    /// What it may do; at least one.
    pub roles: Vec<Role>,
    /// The user as whom it acts; a new user if absent.
    pub user: Option<String>,
    /// First moment at which it is no longer accepted; never if absent.
    pub expires_at: Option<Timestamp>,
}

/// An API key that was just made, with the key itself.
pub struct CreatedApiKey {
    /// What is kept of it.
    pub record: ApiKey,
    /// The key: 256 random bits behind a prefix. This is the one time that it is shown.
    pub key: Secret<String>,
}

impl fmt::Debug for CreatedApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CreatedApiKey({:?})", self.record)
    }
}

/// Whether a text is a name of 1 to `most` characters, without control characters.
pub(super) fn check_label(what: &str, text: &str, most: usize) -> Result<(), OfferError> {
    let fits = (1..=most).contains(&text.chars().count())
        && !text.trim().is_empty()
        && !text.chars().any(char::is_control);
    let wrong = || OfferError::invalid(format!("{what} is a text of 1 to {most} characters."));
    if fits { Ok(()) } else { Err(wrong()) }
}

impl Engine {
    /// Makes an API key of a tenant.
    pub async fn create_api_key(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        new: NewApiKey,
    ) -> Result<CreatedApiKey, OfferError> {
        check_label("name", &new.name, 50)?;
        let now = self.clock.now();
        if new.roles.is_empty() {
            return Err(OfferError::invalid(format!("roles holds at least one of {}.", Role::words())));
        }
        if new.expires_at.is_some_and(|expiry| expiry <= now) {
            return Err(OfferError::invalid("expiresAt is in the past."));
        }
        let user_id = match new.user {
            None => UserId::mint(&*self.entropy),
            Some(user) => uuid::Uuid::parse_str(&user)
                .map(|user| UserId::from(user.to_string()))
                .map_err(|_| OfferError::invalid("userId is a UUID."))?,
        };
        let key = format!("{PREFIX}{}", hex::encode(self.entropy.bytes::<32>()));
        let roles = Role::ALL.into_iter().filter(|role| new.roles.contains(role)).collect();
        let record = ApiKey {
            id: ApiKeyId::mint(&*self.entropy),
            tenant_id: tenant.clone(),
            user_id,
            name: new.name,
            roles,
            mask: format!("{}...", &key[..MASK]),
            created_at: now,
            created_by: actor.id.clone(),
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let event = self.event(actor, tenant, AuditAction::CreateApiKey, record.id.as_str(), now);
        self.store.insert_api_key(&record, &sha256(key.as_bytes()), &event).await?;
        Ok(CreatedApiKey { record, key: Secret::new(key) })
    }

    /// Revokes a tenant's API key: it is refused from now on.
    pub async fn revoke_api_key(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        id: &ApiKeyId,
    ) -> Result<(), OfferError> {
        let event = self.event(actor, tenant, AuditAction::RevokeApiKey, id.as_str(), self.clock.now());
        let revoked = self.store.revoke_api_key(tenant, id, &event).await?;
        if revoked { Ok(()) } else { Err(OfferError::UnknownApiKey) }
    }
}
