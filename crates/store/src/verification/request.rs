//! Requests for presentations.

use model::{AuditEvent, PresentationId, PresentationRequest, PresentationState, TenantId, Timestamp};

use super::presentation_columns;
use crate::db::values;
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
pub(crate) struct PresentationRow {
    id: String,
    tenant_id: String,
    definition_id: String,
    name: String,
    purpose: Option<String>,
    terms: String,
    transaction_data: Option<String>,
    redirect_uri: Option<String>,
    state: String,
    verdict: Option<bool>,
    error_code: Option<String>,
    error_description: Option<String>,
    result: Option<Vec<u8>>,
    result_until: Option<i64>,
    created_at: i64,
    created_by: String,
    updated_at: i64,
    expires_at: i64,
}

impl TryFrom<PresentationRow> for PresentationRequest {
    type Error = StoreError;

    fn try_from(row: PresentationRow) -> Result<Self, StoreError> {
        let state = row.state.parse();
        Ok(Self {
            state: state
                .map_err(|error| StoreError::inconsistent("presentation", "state", &row.id, &error))?,
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            definition_id: row.definition_id,
            name: row.name,
            purpose: row.purpose,
            terms: row.terms,
            transaction_data: row.transaction_data,
            redirect_uri: row.redirect_uri,
            verdict: row.verdict,
            error: row.error_code.zip(row.error_description),
            result: row.result,
            result_until: row.result_until.map(Timestamp),
            created_at: Timestamp(row.created_at),
            created_by: row.created_by,
            updated_at: Timestamp(row.updated_at),
            expires_at: Timestamp(row.expires_at),
        })
    }
}

/// What came of a request.
#[derive(Clone, Debug)]
pub struct PresentationOutcome {
    /// [`PresentationState::Verified`] or [`PresentationState::Failed`].
    pub state: PresentationState,
    /// The answer to the template's conditions.
    pub verdict: Option<bool>,
    /// The code of an error, and its text.
    pub error: Option<(String, String)>,
    /// What was shown, sealed.
    pub result: Option<Vec<u8>>,
    /// First moment at which that is no longer kept.
    pub result_until: Option<Timestamp>,
}

impl Store {
    /// Adds a request.
    pub async fn insert_presentation(
        &self,
        request: &PresentationRequest,
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO presentation (id, tenant_id, definition_id, name, purpose, terms, transaction_data, \
                   redirect_uri, state, created_at, created_by, updated_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10, $12)";
        let values = values![
            request.id.as_str(),
            request.tenant_id.as_str(),
            request.definition_id.as_str(),
            request.name.as_str(),
            request.purpose.as_deref(),
            request.terms.as_str(),
            request.transaction_data.as_deref(),
            request.redirect_uri.as_deref(),
            request.state.as_str(),
            request.created_at,
            request.created_by.as_str(),
            request.expires_at
        ];
        match self.change_one(sql, values, event).await? {
            true => Ok(()),
            false => Err(StoreError::Raced("a new request for a presentation")),
        }
    }

    /// A request by its id, whichever tenant's: for the wallet, which knows nothing else.
    pub async fn presentation(&self, id: &PresentationId) -> Result<Option<PresentationRequest>, StoreError> {
        let sql = concat!("SELECT ", presentation_columns!(), " FROM presentation o WHERE o.id = $1");
        let row: Option<PresentationRow> = self.db.fetch_optional(sql, values![id.as_str()]).await?;
        row.map(PresentationRequest::try_from).transpose()
    }

    /// A tenant's request.
    pub async fn presentation_of(
        &self,
        tenant: &TenantId,
        id: &PresentationId,
    ) -> Result<Option<PresentationRequest>, StoreError> {
        Ok(self.presentation(id).await?.filter(|request| request.tenant_id == *tenant))
    }

    /// Remembers that a wallet fetched a request that nobody has answered.
    pub async fn mark_presentation_sent(
        &self,
        id: &PresentationId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql =
            "UPDATE presentation SET state = 'sent', updated_at = $2 WHERE id = $1 AND state = 'created'";
        self.db.execute(sql, values![id.as_str(), now]).await?;
        Ok(())
    }

    /// Records what came of a request; `false`, and nothing happens, if it was answered before or its time is over.
    pub async fn finish_presentation(
        &self,
        id: &PresentationId,
        outcome: &PresentationOutcome,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE presentation SET state = $2, verdict = $3, error_code = $4, error_description = $5, result = $6, \
                   result_until = $7, updated_at = $8 WHERE id = $1 AND state IN ('created', 'sent') AND expires_at > $8";
        let values = values![
            id.as_str(),
            outcome.state.as_str(),
            outcome.verdict,
            outcome.error.as_ref().map(|(code, _)| code.as_str()),
            outcome.error.as_ref().map(|(_, description)| description.as_str()),
            outcome.result.as_deref(),
            outcome.result_until,
            event.at
        ];
        self.change_one(sql, values, event).await
    }

    /// Erases what was shown; `false` if the tenant has no such request.
    pub async fn erase_presentation(
        &self,
        tenant: &TenantId,
        id: &PresentationId,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let sql =
            "UPDATE presentation SET result = NULL, result_until = NULL WHERE tenant_id = $1 AND id = $2";
        self.change_one(sql, values![tenant.as_str(), id.as_str()], event).await
    }

    /// Says of a tenant's requests that nobody has answered in time that they have expired, so that lists find them as that.
    pub async fn expire_presentations(&self, tenant: &TenantId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE presentation SET state = 'expired' WHERE tenant_id = $1 AND state IN ('created', 'sent') \
                   AND expires_at <= $2";
        self.db.execute(sql, values![tenant.as_str(), now]).await?;
        Ok(())
    }

    /// Erases what was shown and need no longer be kept, and forgets requests that ended before `before`; how many were erased.
    pub async fn forget_presentations(&self, now: Timestamp, before: Timestamp) -> Result<u64, StoreError> {
        let erase = "UPDATE presentation SET result = NULL, result_until = NULL WHERE result_until <= $1";
        let erased = self.db.execute(erase, values![now]).await?;
        self.db
            .execute(
                "DELETE FROM presentation WHERE expires_at <= $1 AND result_until IS NULL",
                values![before],
            )
            .await?;
        Ok(erased)
    }
}
