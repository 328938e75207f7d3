//! Deleting an offer that nobody has claimed.

use model::{AuditEvent, ClaimSubject, OfferId};

use super::OfferScope;
use crate::audit;
use crate::db::values;
use crate::job::{JobKind, cancel, tx_code_subject};
use crate::{Store, StoreError};

/// What became of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The offer is gone, with its claim code and the message that would have invited.
    Deleted,
    /// It was claimed, so it stays.
    Claimed,
    /// There is no such offer, or it was deleted before.
    Unknown,
}

impl Store {
    /// Deletes an offer unless it was claimed. `event` says who and when.
    pub async fn delete_offer(
        &self,
        scope: &OfferScope,
        id: &OfferId,
        event: &AuditEvent,
    ) -> Result<Deletion, StoreError> {
        let sql = "UPDATE offer SET deleted_at = $4, deleted_by = $5, updated_at = $4, updated_by = $5 \
                   WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL AND status = 'ready_to_claim' \
                   AND ($3 = '' OR created_by = $3)";
        let values =
            values![scope.tenant.as_str(), id.as_str(), scope.made_by(), event.at, event.actor.id.as_str()];
        let mut tx = self.db.begin().await?;
        if tx.execute(sql, values).await? != 1 {
            tx.rollback().await?;
            let claimed = self.offer(scope, id).await?.is_some();
            return Ok(if claimed { Deletion::Claimed } else { Deletion::Unknown });
        }
        tx.execute("DELETE FROM claim_code WHERE kind = 'offer' AND subject_id = $1", values![id.as_str()])
            .await?;
        cancel(&mut tx, JobKind::OfferEmail, id.as_str()).await?;
        cancel(&mut tx, JobKind::TxCode, &tx_code_subject(&ClaimSubject::Offer(id.clone()))).await?;
        audit::record(&mut tx, [event]).await?;
        tx.commit().await?;
        Ok(Deletion::Deleted)
    }
}
