//! Events of the audit trail.

use model::{Actor, AuditAction, AuditEvent, AuditEventId, TenantId, Timestamp};

use crate::engine::Engine;

impl Engine {
    /// Says that something was done, and went well.
    pub(crate) fn event(
        &self,
        actor: &Actor,
        tenant: &TenantId,
        action: AuditAction,
        target: &str,
        at: Timestamp,
    ) -> AuditEvent {
        AuditEvent {
            id: AuditEventId::mint(at, &*self.entropy),
            tenant_id: tenant.clone(),
            at,
            actor: actor.clone(),
            action,
            target: target.to_owned(),
            result: "ok".to_owned(),
        }
    }
}
