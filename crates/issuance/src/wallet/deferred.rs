//! The deferred credential endpoint (OpenID4VCI 1.0, section 9): what a worker signs, and a wallet comes back for.

use model::{ClaimSubject, Format, Holding, Origin, TenantId};
use serde::{Deserialize, Serialize};
use store::{DeferredIssuance, JobKind};

use super::deliver::{Order, delivered};
use super::{AccessToken, Delivered, HolderKey, NONCE_SECONDS, WalletAnswer, WalletError};
use crate::EngineError;
use crate::engine::Engine;
use crate::offers::OfferError;

/// In how many seconds a wallet may ask again.
const INTERVAL: u64 = 2;

/// What is signed later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// `transaction_id`
    pub transaction_id: String,
    /// In how many seconds to ask again.
    pub interval: u64,
}

/// What was ordered, as it is kept until it is signed.
#[derive(Serialize, Deserialize)]
struct Kept {
    kind: String,
    subject: String,
    program: String,
    format: String,
    keys: Vec<HolderKey>,
    address: Option<String>,
    request_id: Option<String>,
}

impl Engine {
    /// Takes an order that a worker signs.
    pub(super) async fn defer(&self, tenant: &TenantId, order: &Order) -> Result<WalletAnswer, WalletError> {
        let now = self.clock.now();
        let kept = Kept {
            kind: order.subject.kind().to_owned(),
            subject: order.subject.id().to_owned(),
            program: order.active.program.id.to_string(),
            format: order.format.to_string(),
            keys: order.keys.clone(),
            address: order.origin.address.clone(),
            request_id: order.origin.request_id.clone(),
        };
        let deferred = DeferredIssuance {
            id: jose::b64url_encode(&self.entropy.bytes::<16>()),
            tenant: tenant.clone(),
            token_hash: order.token_hash,
            request_hash: order.request_hash(),
            request: serde_json::to_string(&kept).expect("text alone"),
            delivery: None,
            refusal: None,
            fetched_at: None,
        };
        let before = self.store.deferred_request(&deferred.token_hash, &deferred.request_hash).await?;
        if before.as_ref().is_some_and(|before| before.fetched_at.is_some()) {
            // It was signed and fetched: the answer was lost on its way.
            return Ok(WalletAnswer::Delivered(self.deliver(order).await?));
        }
        let job = self.new_job(JobKind::SignCredential, tenant, deferred.id.clone(), now);
        let once = (order.once.as_slice(), now.plus_seconds(NONCE_SECONDS));
        if !self.store.defer_issuance(&deferred, &order.subject, once, &job, now).await? {
            return Err(WalletError::InvalidNonce("The nonce was used before: fetch another one.".into()));
        }
        self.jobs_waiting.notify_one();
        let kept = self.store.deferred_request(&deferred.token_hash, &deferred.request_hash).await?;
        let transaction_id = kept.map_or(deferred.id, |kept| kept.id);
        Ok(WalletAnswer::Deferred(Deferred { transaction_id, interval: INTERVAL }))
    }

    /// Signs what a wallet waits for. What can no longer be had is settled as such; only what is our fault is tried again.
    pub(crate) async fn sign_deferred(&self, tenant: &TenantId, id: &str) -> Result<(), EngineError> {
        let Some(deferred) = self.store.deferred_issuance(id).await? else { return Ok(()) };
        if deferred.delivery.is_some() || deferred.refusal.is_some() {
            return Ok(());
        }
        let broken = |what: &str| EngineError::inconsistent(format!("deferred issuance {id}: {what}"));
        let kept: Kept =
            serde_json::from_str(&deferred.request).map_err(|error| broken(&error.to_string()))?;
        let subject = ClaimSubject::of(&kept.kind, &kept.subject).ok_or_else(|| broken("unknown kind"))?;
        let format: Format = kept.format.parse().map_err(|_| broken("unknown format"))?;
        let Some(active) = self.active_program(tenant, &kept.program.as_str().into()).await? else {
            let refusal = "The credential is no longer issued.";
            self.store.settle_deferred(id, Err(refusal)).await?;
            return Ok(self.store.refuse_issuance(&subject, refusal, self.clock.now()).await?);
        };
        let order = Order {
            subject,
            active,
            format,
            keys: kept.keys,
            token_hash: deferred.token_hash,
            once: Vec::new(),
            origin: Origin { address: kept.address, request_id: kept.request_id },
        };
        match self.deliver(&order).await {
            Ok(_) => {
                let deliveries = self.store.deliveries(&order.token_hash).await?;
                let made = deliveries.iter().find(|delivery| delivery.request_hash == deferred.request_hash);
                let made = made.ok_or_else(|| broken("what was delivered is not there"))?;
                self.store.settle_deferred(id, Ok(&made.id)).await?;
            }
            Err(WalletError::Internal(error)) => return Err(error),
            Err(refusal) => {
                let refusal = refusal.to_string();
                self.store.settle_deferred(id, Err(&refusal)).await?;
                self.store.refuse_issuance(&order.subject, &refusal, self.clock.now()).await?;
            }
        }
        Ok(())
    }

    /// What was signed, once; or when to ask again.
    pub async fn deferred_credential(
        &self,
        access: &AccessToken,
        transaction_id: &str,
    ) -> Result<WalletAnswer, WalletError> {
        let found = self.store.deferred_issuance(transaction_id).await?;
        let found = found.filter(|found| found.token_hash == access.token.hash && found.fetched_at.is_none());
        let found = found.ok_or(WalletError::InvalidTransaction)?;
        if let Some(refusal) = found.refusal {
            return Err(WalletError::Denied(refusal));
        }
        let Some(delivery) = &found.delivery else {
            let transaction_id = transaction_id.to_owned();
            return Ok(WalletAnswer::Deferred(Deferred { transaction_id, interval: INTERVAL }));
        };
        let delivery = self.store.delivery(&found.tenant, delivery).await?;
        let delivery = delivery.ok_or_else(|| EngineError::inconsistent("a deferred delivery is gone"))?;
        if self.store.holding(&found.tenant, &delivery.credential).await? != Some(Holding::Claimed) {
            return Err(WalletError::Denied(OfferError::AlreadyRevoked.to_string()));
        }
        let answer: Delivered = delivered(&delivery)?;
        if !self.store.fetch_deferred(transaction_id, self.clock.now()).await? {
            return Err(WalletError::InvalidTransaction);
        }
        Ok(WalletAnswer::Delivered(answer))
    }
}
