//! Issued credentials: their status, their documents, and the status lists.

use model::{
    AnchorPolicy, Anchoring, AuditEvent, CoreClaimHash, Credential, CredentialId, IssuerId, LeafOp, Marks,
    ProgramId, SchemaId, TenantId, Timestamp,
};

use crate::catalog::anchor_policy;
use crate::db::{Db, Rows, kinds, values};
use crate::issuance::queue_leaf;
use crate::wallet::{revoke_deliveries, revoked_copies};
use crate::{Store, StoreError, audit};

/// Asks for the status of one credential of one tenant.
#[derive(Clone, Debug)]
pub struct StatusQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub hash: CoreClaimHash,
}

/// A credential, and how far its leaves are.
#[derive(Clone, Debug)]
pub struct CredentialStatus {
    /// The credential.
    pub credential: Credential,
    /// Its issuer's DID.
    pub issuer_did: String,
    /// When its issuer counts a leaf as anchored.
    pub policy: AnchorPolicy,
    /// Whether its issue leaf is anchored.
    pub issue: Anchoring,
    /// Whether its revoke leaf, if there is one, is anchored.
    pub revocation: Anchoring,
}

/// What was handed out when a credential was issued.
#[derive(Clone, Debug)]
pub struct IssuedCredential {
    /// The core claim: eight field elements, 32 bytes little-endian each.
    pub core_claim: Vec<u8>,
    /// A JSON object from format to signed document.
    pub documents: String,
}

#[derive(sqlx::FromRow)]
struct StatusRow {
    place: i64,
    id: String,
    tenant_id: String,
    issuer_id: String,
    program_id: String,
    schema_id: String,
    holder_id: String,
    holding: String,
    issued_at: i64,
    expires_at: Option<i64>,
    issuer_did: String,
    issue_leaf: Option<i64>,
    revoke_leaf: Option<i64>,
    anchor_witnesses: i64,
    anchor_confirmations: Option<i64>,
    witnessed: Option<i64>,
    on_chain: Option<i64>,
}

impl StatusRow {
    fn read(self, hash: CoreClaimHash) -> Result<CredentialStatus, StoreError> {
        let holding = self
            .holding
            .parse()
            .map_err(|error| StoreError::inconsistent("credential", "holding", &self.id, &error))?;
        let policy = anchor_policy(self.anchor_witnesses, self.anchor_confirmations);
        let marks = Marks {
            witnessed: self.witnessed.unwrap_or_default(),
            on_chain: self.on_chain.unwrap_or_default(),
        };
        Ok(CredentialStatus {
            credential: Credential {
                id: self.id.into(),
                tenant_id: self.tenant_id.into(),
                issuer_id: IssuerId::from(self.issuer_id),
                program_id: ProgramId::from(self.program_id),
                schema_id: SchemaId::from(self.schema_id),
                holder_id: self.holder_id.into(),
                core_claim_hash: hash,
                holding,
                issued_at: Timestamp(self.issued_at),
                expires_at: self.expires_at.map(Timestamp),
            },
            issuer_did: self.issuer_did,
            policy,
            issue: policy.anchoring(self.issue_leaf, marks),
            revocation: policy.anchoring(self.revoke_leaf, marks),
        })
    }
}

/// Answers each query in its place. The suffixes are those of `ledger_id`.
pub(crate) async fn statuses(
    db: &Db,
    queries: Vec<StatusQuery>,
) -> Result<Vec<Option<CredentialStatus>>, StoreError> {
    let sql = "SELECT v.column1 AS place, c.id, c.tenant_id, c.issuer_id, c.program_id, c.schema_id, c.holder_id, \
               c.holding, c.issued_at, c.expires_at, s.did AS issuer_did, \
               i.leaf_index AS issue_leaf, r.leaf_index AS revoke_leaf, \
               s.anchor_witnesses, s.anchor_confirmations, w.size AS witnessed, m.size AS on_chain \
               FROM {rows} \
               JOIN credential c ON c.core_claim_hash = v.column3 AND c.tenant_id = v.column2 \
               JOIN issuer s ON s.id = c.issuer_id \
               LEFT JOIN ledger_entry i ON i.id = c.id || '/issue' \
               LEFT JOIN ledger_entry r ON r.id = c.id || '/revoke' \
               LEFT JOIN cosigned_head w ON w.level = s.anchor_witnesses \
               LEFT JOIN evm_mark m ON m.level = s.anchor_confirmations";
    let rows = (0i64..)
        .zip(&queries)
        .map(|(place, query)| values![place, query.tenant.as_str(), query.hash.0.as_slice()])
        .collect();
    let mut found: Vec<Option<CredentialStatus>> = vec![None; queries.len()];
    let kinds = kinds![Int, Text, Bytes];
    for row in db.fetch_rows::<StatusRow>(sql, Rows { kinds, rows }).await? {
        let place = row.place as usize;
        found[place] = Some(row.read(queries[place].hash)?);
    }
    Ok(found)
}

impl Store {
    /// A tenant's credential by its core claim hash, and how far its leaves are.
    pub async fn credential_status(
        &self,
        query: StatusQuery,
    ) -> Result<Option<CredentialStatus>, StoreError> {
        self.statuses.ask(query).await
    }

    /// What was handed out when a tenant's credential was issued.
    pub async fn issued_credential(
        &self,
        tenant: &TenantId,
        id: &CredentialId,
    ) -> Result<Option<IssuedCredential>, StoreError> {
        let sql = "SELECT core_claim, documents FROM credential WHERE tenant_id = $1 AND id = $2";
        let row: Option<(Vec<u8>, String)> =
            self.db.fetch_optional(sql, values![tenant.as_str(), id.as_str()]).await?;
        Ok(row.map(|(core_claim, documents)| IssuedCredential { core_claim, documents }))
    }

    /// Revokes a tenant's credential and queues the leaf that says so; `false` if it was revoked already or is not there.
    pub async fn revoke(
        &self,
        tenant: &TenantId,
        id: &CredentialId,
        leaf: &str,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let now = event.at;
        let mut tx = self.db.begin().await?;
        // What was offered and claimed is revoked with its credential, so that the two never disagree. First the offer, then the
        // credential: the order in which offers are revoked.
        let sql = "UPDATE offer SET status = 'revoked', revoked_at = $3, revoked_by = $4, revocation_reason = $5, \
                   updated_at = $3, updated_by = $4 WHERE tenant_id = $1 AND credential_id = $2 AND status = 'claimed'";
        let by = event.actor.id.as_str();
        tx.execute(sql, values![tenant.as_str(), id.as_str(), now, by, "Revoked by an operator"]).await?;
        // The states named here are model::Holding::REVOCABLE.
        let sql = "UPDATE credential SET holding = 'revoked', revoked_at = $3 WHERE tenant_id = $1 AND id = $2 \
                   AND holding IN ('ready_to_claim', 'claimed')";
        if tx.execute(sql, values![tenant.as_str(), id.as_str(), now]).await? != 1 {
            return Ok(false);
        }
        queue_leaf(&mut tx, id, LeafOp::Revoke, leaf, now).await?;
        revoke_deliveries(&mut tx, &[(id.as_str(), leaf)], now).await?;
        audit::record(&mut tx, [event]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes `count` positions of an issuer's status lists out of the counter; the first of them. They are never given out
    /// again, whether they are used or not.
    pub async fn reserve_status_positions(&self, issuer: &IssuerId, count: i64) -> Result<i64, StoreError> {
        let sql = "UPDATE issuer SET status_next = status_next + $2 WHERE id = $1 RETURNING status_next";
        let mut tx = self.db.begin().await?;
        let row: Option<(i64,)> = tx.fetch_optional(sql, values![issuer.as_str(), count]).await?;
        let (next,) = row.ok_or(StoreError::Raced("an issuer's status positions"))?;
        tx.commit().await?;
        Ok(next - count)
    }

    /// How many positions of an issuer's status lists have been taken.
    pub async fn status_positions(&self, issuer: &IssuerId) -> Result<i64, StoreError> {
        let row: Option<(i64,)> = self
            .db
            .fetch_optional("SELECT status_next FROM issuer WHERE id = $1", values![issuer.as_str()])
            .await?;
        Ok(row.map_or(0, |(next,)| next))
    }

    /// The entries of a status list that are revoked.
    pub async fn revoked_entries(&self, issuer: &IssuerId, list: i64) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT status_index FROM credential \
                   WHERE issuer_id = $1 AND status_list = $2 AND revoked_at IS NOT NULL";
        let rows: Vec<(i64,)> = self.db.fetch_all(sql, values![issuer.as_str(), list]).await?;
        let mut revoked = revoked_copies(&self.db, issuer, list).await?;
        revoked.extend(rows.into_iter().map(|(index,)| index));
        Ok(revoked)
    }

    /// How many credentials there are, in all or of one tenant: for operators and load tests.
    pub async fn credential_count(&self) -> Result<i64, StoreError> {
        let row: Option<(i64,)> =
            self.db.fetch_optional("SELECT COUNT(*) FROM credential", Vec::new()).await?;
        Ok(row.map_or(0, |(count,)| count))
    }
}
