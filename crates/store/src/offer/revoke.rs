//! Revoking what was offered and claimed.

use std::collections::{HashMap, HashSet};

use model::{AuditEvent, LeafOp, OfferId, TenantId, Timestamp};

use crate::db::{Rows, Tx, kinds, values};
use crate::issuance::ledger_id;
use crate::job::{NewJob, enqueue};
use crate::wallet::revoke_deliveries;
use crate::{Store, StoreError, audit};

/// An offer whose credential is to be revoked.
#[derive(Clone, Debug)]
pub struct OfferRevocationPlan {
    /// Which.
    pub offer: OfferId,
    /// Why.
    pub reason: String,
    /// The leaf that says so in the log.
    pub leaf: String,
    /// The message to the person, if the person has an address.
    pub job: Option<NewJob>,
    /// What the audit trail says.
    pub event: AuditEvent,
}

/// Marks offers as revoked; the credentials of those that were claimed, by the offers' ids.
async fn revoke_offers(
    tx: &mut Tx,
    tenant: &TenantId,
    plans: &[OfferRevocationPlan],
    by: &str,
    now: Timestamp,
) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "UPDATE offer SET status = 'revoked', revoked_at = v.column4, revoked_by = v.column3, \
               revocation_reason = v.column5, updated_at = v.column4, updated_by = v.column3 FROM {rows} \
               WHERE offer.tenant_id = v.column1 AND offer.id = v.column2 AND offer.status = 'claimed' \
               AND offer.deleted_at IS NULL RETURNING offer.id, offer.credential_id";
    let row = |plan: &OfferRevocationPlan| {
        values![tenant.as_str(), plan.offer.as_str(), by, now, plan.reason.as_str()]
    };
    let kinds = kinds![Text, Text, Text, Int, Text];
    tx.fetch_rows(sql, Rows { kinds, rows: plans.iter().map(row).collect() }).await
}

/// Revokes credentials and queues the leaves that say so.
async fn revoke_credentials(
    tx: &mut Tx,
    tenant: &TenantId,
    revoked: &[(&str, &str)],
    now: Timestamp,
) -> Result<(), StoreError> {
    // The states named here are model::Holding::REVOCABLE. A credential that was revoked by another dialect has its leaf.
    let sql = "UPDATE credential SET holding = 'revoked', revoked_at = v.column3 FROM {rows} \
               WHERE credential.tenant_id = v.column1 AND credential.id = v.column2 \
               AND credential.holding IN ('ready_to_claim', 'claimed') RETURNING credential.id";
    let row = |(credential, _): &(&str, &str)| values![tenant.as_str(), *credential, now];
    let rows = revoked.iter().map(row).collect();
    let kinds = kinds![Text, Text, Int];
    let ended: Vec<(String,)> = tx.fetch_rows(sql, Rows { kinds, rows }).await?;
    let ended: HashSet<String> = ended.into_iter().map(|(id,)| id).collect();

    let sql = "INSERT INTO ledger_entry (id, leaf, queued_at) SELECT column1, column2, column3 FROM {rows}";
    let ended: Vec<(&str, &str)> =
        revoked.iter().copied().filter(|(credential, _)| ended.contains(*credential)).collect();
    let rows = ended
        .iter()
        .map(|(credential, leaf)| values![ledger_id(&(*credential).into(), LeafOp::Revoke), *leaf, now])
        .collect();
    tx.execute_rows(sql, Rows { kinds: kinds![Text, Text, Int], rows }).await?;
    revoke_deliveries(tx, &ended, now).await
}

impl Store {
    /// Revokes, in one transaction, those of these offers that are claimed; their ids. Status lists show it at once, the log
    /// as soon as it is anchored, and the people are told by mail.
    pub async fn revoke_offers(
        &self,
        tenant: &TenantId,
        plans: &[OfferRevocationPlan],
        by: &str,
        now: Timestamp,
    ) -> Result<HashSet<OfferId>, StoreError> {
        let mut tx = self.db.begin().await?;
        let credentials = revoke_offers(&mut tx, tenant, plans, by, now).await?;
        let credentials: HashMap<String, String> = credentials.into_iter().collect();
        let done: HashSet<OfferId> = credentials.keys().map(|offer| offer.as_str().into()).collect();
        let standing: Vec<&OfferRevocationPlan> =
            plans.iter().filter(|plan| done.contains(&plan.offer)).collect();
        let leaves: Vec<(&str, &str)> = standing
            .iter()
            .map(|plan| (credentials[plan.offer.as_str()].as_str(), plan.leaf.as_str()))
            .collect();
        revoke_credentials(&mut tx, tenant, &leaves, now).await?;
        let jobs: Vec<NewJob> = standing.iter().filter_map(|plan| plan.job.clone()).collect();
        enqueue(&mut tx, &jobs, now).await?;
        audit::record(&mut tx, standing.iter().map(|plan| &plan.event)).await?;
        tx.commit().await?;
        Ok(done)
    }
}
