//! The audit trail: written in the transaction of what it tells of.

use model::AuditEvent;

use crate::db::{Rows, Tx, Value, kinds, values};
use crate::{Store, StoreError};

/// Adds events to the trail.
pub(crate) async fn record<'a>(
    tx: &mut Tx,
    events: impl IntoIterator<Item = &'a AuditEvent>,
) -> Result<(), StoreError> {
    let rows = events
        .into_iter()
        .map(|event| {
            values![
                event.tenant_id.as_str(),
                event.at,
                event.id.as_str(),
                event.actor.kind.as_str(),
                event.actor.id.as_str(),
                event.actor.key.as_deref(),
                event.action.as_str(),
                event.target.as_str(),
                event.result.as_str(),
                event.actor.origin.address.as_deref(),
                event.actor.origin.request_id.as_deref()
            ]
        })
        .collect();
    let sql = "INSERT INTO audit_event (tenant_id, created_at, id, actor_kind, created_by, actor_key, action, target, result, \
               address, request_id) SELECT column1, column2, column3, column4, column5, column6, column7, column8, \
               column9, column10, column11 FROM {rows}";
    let kinds = kinds![Text, Int, Text, Text, Text, Text, Text, Text, Text, Text, Text];
    tx.execute_rows(sql, Rows { kinds, rows }).await?;
    Ok(())
}

impl Store {
    /// Changes exactly one row, and tells of it in the same transaction; `false`, and nothing happens, if the statement changes
    /// none.
    pub(crate) async fn change_one(
        &self,
        sql: &'static str,
        values: Vec<Value>,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        if tx.execute(sql, values).await? != 1 {
            return Ok(false);
        }
        record(&mut tx, [event]).await?;
        tx.commit().await?;
        Ok(true)
    }
}
